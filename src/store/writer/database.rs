//! The database of the writing thread.

use super::{group::Group, state::State};
use crate::domain::{Error, Result};

/// A database of one of the engines, as the writing thread uses it.
pub trait Database: Send + 'static {
    /// Prepares the connection on the thread that writes.
    fn start(&mut self) {}

    /// Opens the database again if that is necessary. Then runs the requests of the group in one transaction, and
    /// commits it. A request that fails undoes only what it has stored itself.
    ///
    /// # Errors
    /// The reason why nothing of the group was committed.
    fn commit(&mut self, group: &mut Group<'_>, state: &State) -> Result<()>;

    /// Returns the failure of a group with a more precise reason, if one is found.
    fn explain(&self, failure: Error) -> Error {
        failure
    }

    /// Gives the connection up if its transaction can be neither committed nor rolled back. It is called after a group
    /// that failed. The database is opened again for a later group.
    fn give_up_if_broken(&mut self);

    /// Returns whether only deletions are accepted, because the disk is full.
    fn only_deletes(&self) -> bool {
        false
    }

    /// Does what is due between two groups.
    fn after_commit(&self) {}

    /// Closes the database after the last group.
    fn finish(self: Box<Self>) {}
}
