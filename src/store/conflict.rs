//! Turns violations of unique constraints into conflicts. The database decides uniqueness: no code queries first and
//! inserts afterwards.

use uuid::Uuid;

use super::{
    engine::{Connection, OptionalExtension, Params, Unique},
    sqlite::errors::violated,
};
use crate::domain::{Error, Result, text::Name};

/// Handles the violation of a unique constraint at the statement that causes it.
pub trait OnTaken<T> {
    /// Returns the error of `conflict` if a unique constraint was violated.
    fn on_taken(self, conflict: impl FnOnce(Unique) -> Result<Error>) -> Result<T>;
}

impl<T> OnTaken<T> for super::engine::RowResult<T> {
    fn on_taken(self, conflict: impl FnOnce(Unique) -> Result<Error>) -> Result<T> {
        match self.as_ref().err().and_then(violated) {
            Some(unique) => Err(conflict(unique)?),
            None => Ok(self?),
        }
    }
}

/// Returns the conflict of an id that is taken. `own` selects the holder if it belongs to the same owner as the new
/// resource: resources of another organisation are neither described nor named.
pub fn id_taken(connection: &Connection, what: &str, id: Uuid, own: &str, parameters: impl Params) -> Result<Error> {
    let is_own = connection.prepare_cached(own)?.exists(parameters)?;
    Ok(Error::id_taken(what, id, is_own))
}

/// Returns the conflict of a name that is taken. `holder` selects the id of the resource that has it.
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
