//! A queued request: it runs once in the writer's transaction, and its caller gets one result.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Transaction;
use tokio::sync::oneshot;

use crate::{
    domain::{Error, Result},
    store::stopwatch::Watch,
};

/// What a request writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    WriteCatalogue,
    /// Only what the catalogue does not speak of: readings, predictions, the use of tokens.
    WriteValues,
    /// Like a change, but it only deletes.
    DeleteCatalogue,
    /// Like an append, but it only deletes.
    DeleteValues,
}

impl Kind {
    pub fn changes_catalogue(self) -> bool {
        matches!(self, Self::WriteCatalogue | Self::DeleteCatalogue)
    }

    pub fn makes_room(self) -> bool {
        matches!(self, Self::DeleteCatalogue | Self::DeleteValues)
    }
}

/// A queued request: run once, answered once.
pub trait Request: Send {
    /// What it writes.
    fn kind(&self) -> Kind;
    /// Does the work. Whether it succeeded, so that what it did is to be kept.
    fn run(&mut self, tx: &Transaction<'_>) -> bool;
    /// Notes that it is not run, and why.
    fn refuse(&mut self, error: Error);
    /// How it failed by itself.
    fn failure(&self) -> Option<&Error>;
    /// Tells the caller: what the work answered, or why it was not committed.
    fn answer(self: Box<Self>, committed: Result<()>);
}

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
            // The whole group knows better why nothing can be written.
            (Some(Err(Error::Unavailable(_))), Err(error @ Error::Unavailable(_))) => Err(error),
            // What failed by itself says why, whether or not the others were committed.
            (Some(Err(error)), _) => Err(error),
            (Some(result), Ok(())) => result,
            (_, Err(error)) => Err(error),
            (None, Ok(())) => Err(Error::Internal("a write was not run".to_owned())),
        };
        // The caller may have gone away; its work is done all the same.
        let _ = self.answer.send(result);
    }
}
