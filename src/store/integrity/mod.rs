//! Checks whether the rows of a database are undamaged, by the product's rules about them. The check changes nothing, and
//! may run while a server uses the database. What an engine checks by itself is in `sqlite/integrity/`.

mod catalogue;
mod posts;
mod readings;
mod report;
mod runs;
mod unknown;

use super::engine::Connection;

pub use report::Report;

/// Checks all rows, and adds their numbers and faults to the report. The connection must be in a transaction, so that
/// all rows are of one moment.
pub fn check(connection: &Connection, report: &mut Report) {
    catalogue::check(connection, report);
    let outcome = runs::check(connection, report);
    report.unreadable("the runs", outcome);
    let outcome = posts::check(connection, report);
    report.unreadable("the posts", outcome);
    let outcome = readings::check(connection, report);
    report.unreadable("the readings", outcome);
}
