//! A queued request: it runs once in the writer's transaction, and its caller gets one result.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Transaction;
use tokio::sync::oneshot;

use crate::{
    domain::{Error, Result},
    store::stopwatch::Watch,
};

/// The kind of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Changes of every table, including the catalogue.
    WriteCatalogue,
    /// Changes that leave the catalogue alone: readings, predictions, messages of webhooks, the use of tokens.
    WriteValues,
    /// Deletions of anything.
    DeleteCatalogue,
    /// Deletions of anything but the catalogue.
    DeleteValues,
}

impl Kind {
    /// Returns whether the caches of the catalogue must be cleared.
    pub fn changes_catalogue(self) -> bool {
        matches!(self, Self::WriteCatalogue | Self::DeleteCatalogue)
    }

    /// Returns whether the write may use the reserve of a full disk.
    pub fn makes_room(self) -> bool {
        matches!(self, Self::DeleteCatalogue | Self::DeleteValues)
    }
}

/// A queued request. It runs once and gives one result.
pub trait Request: Send {
    /// Returns the kind of the write.
    fn kind(&self) -> Kind;
    /// Does the work. Returns whether it succeeded, so that its changes stay.
    fn run(&mut self, tx: &Transaction<'_>) -> bool;
    /// Sets the error of a request that does not run.
    fn refuse(&mut self, error: Error);
    /// Returns the error of its own work, if it failed.
    fn failure(&self) -> Option<&Error>;
    /// Sends the caller the result of the work, or the reason why it was not committed.
    fn answer(self: Box<Self>, committed: Result<()>);
}

/// A closure as a request, with the caller that waits for its result.
pub struct Pending<T, F> {
    kind: Kind,
    watch: Watch,
    work: Option<F>,
    result: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T, F> Pending<T, F> {
    /// Makes a request that was not run yet.
    pub fn new(kind: Kind, watch: Watch, work: F, answer: oneshot::Sender<Result<T>>) -> Self {
        Self {
            kind,
            watch,
            work: Some(work),
            result: None,
            answer,
        }
    }
}

impl<T: Send, F: FnOnce(&Transaction<'_>) -> Result<T> + Send> Request for Pending<T, F> {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn run(&mut self, tx: &Transaction<'_>) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        let result = self
            .watch
            .time("write", || catch_unwind(AssertUnwindSafe(|| work(tx))))
            .unwrap_or_else(|_| Err(Error::Internal("a write panicked".to_owned())));
        let succeeded = result.is_ok();
        self.result = Some(result);
        succeeded
    }

    fn refuse(&mut self, error: Error) {
        self.result = Some(Err(error));
    }

    fn failure(&self) -> Option<&Error> {
        self.result.as_ref()?.as_ref().err()
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let result = match (self.result, committed) {
            // The group's error names the cause more precisely.
            (Some(Err(Error::Unavailable(_))), Err(error @ Error::Unavailable(_))) => Err(error),
            // A request that failed by itself says why, whether or not the others were committed.
            (Some(Err(error)), _) => Err(error),
            (Some(result), Ok(())) => result,
            (_, Err(error)) => Err(error),
            (None, Ok(())) => Err(Error::Internal("a write was not run".to_owned())),
        };
        // The caller may have dropped the request; its work is done nevertheless.
        let _ = self.answer.send(result);
    }
}
