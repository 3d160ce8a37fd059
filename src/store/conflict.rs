//! Turns violations of unique constraints into conflicts. The database decides uniqueness: no code checks with a query
//! whether a value is taken before it inserts.

use uuid::Uuid;

use super::engine::{self, Connection, OptionalExtension, Params, RowResult, Transaction, Unique};
use crate::domain::{Error, Result, text::Name};

/// Converts the violation of a unique constraint into a conflict, where the statement is executed.
pub trait OnTaken<T> {
    /// Returns the result of the statement, which ran in `tx`. If the statement violated a unique constraint, undoes the
    /// request, calls `conflict` with the constraint and returns the error that it creates.
    fn on_taken(self, tx: &Transaction<'_>, conflict: impl FnOnce(Unique) -> Result<Error>) -> Result<T>;
}

impl<T> OnTaken<T> for RowResult<T> {
    fn on_taken(self, tx: &Transaction<'_>, conflict: impl FnOnce(Unique) -> Result<Error>) -> Result<T> {
        match self.as_ref().err().and_then(engine::Error::violated) {
            Some(unique) => {
                tx.undo()?;
                Err(conflict(unique)?)
            }
            None => Ok(self?),
        }
    }
}

/// Returns the conflict error for an id that another resource already has. `what` names the kind of the resource. The
/// SQL query `own` finds a row if the organisation of the new resource may know about the existing resource. Otherwise
/// the error does not describe the existing resource.
pub fn id_taken(connection: &Connection, what: &str, id: Uuid, own: &str, parameters: impl Params) -> Result<Error> {
    let is_own = connection.prepare_cached(own)?.exists(parameters)?;
    Ok(Error::id_taken(what, id, is_own))
}

/// Returns the conflict error for a name that another resource already has. `what` names the kind of the resource. The
/// SQL query `holder` selects the id of the resource that has the name.
pub fn name_taken(
    connection: &Connection,
    what: &str,
    name: &Name,
    holder: &str,
    parameters: impl Params,
) -> Result<Error> {
    let id: Option<Uuid> = connection
        .prepare_cached(holder)?
        .query_row(parameters, |row| row.get(0))
        .optional()?;
    Ok(Error::name_taken(what, name, id))
}
