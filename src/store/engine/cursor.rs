//! Reads the rows of a large result of PostgreSQL in parts, by a cursor.

use super::{Error, Params, Row};
use crate::store::postgres::client::Client;

/// The number of rows that are read together.
const ROWS: usize = 500;

/// Calls `each` for one row of the result after the other. The connection must be in a transaction.
///
/// # Errors
/// The error of the database or of `each`.
pub fn each_row<E: From<Error>>(
    client: &Client,
    sql: &str,
    params: impl Params,
    mut each: impl FnMut(&Row<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let name = client.new_cursor();
    let declare = client
        .prepare_once(&format!("DECLARE {name} NO SCROLL CURSOR FOR {sql}"))
        .map_err(Error::from)?;
    params
        .with(|values| client.execute(&declare, values))
        .map_err(Error::from)?;
    let fetch = client
        .prepare_once(&format!("FETCH {ROWS} FROM {name}"))
        .map_err(Error::from)?;
    loop {
        let rows = client.query(&fetch, &[]).map_err(Error::from)?;
        for row in &rows {
            each(&Row::Postgres(row))?;
        }
        if rows.len() < ROWS {
            return Ok(client.batch(&format!("CLOSE {name}")).map_err(Error::from)?);
        }
    }
}
