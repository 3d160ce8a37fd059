//! A write request: work that runs once in the writer's transaction, and the caller that waits for its result.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::{
    domain::{Error, Result},
    store::{engine::Transaction, stopwatch::Watch},
};

/// The kind of a write. The kind decides whether caches of the catalogue are emptied, and whether the write is accepted
/// on a full disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A write that may change any table, including the catalogue (organisations, tokens, sources, jobs and so on).
    WriteCatalogue,
    /// A write that changes only readings, predictions, messages of webhooks, or the time at which a token was last
    /// used.
    WriteValues,
    /// A write that only deletes rows, of any table.
    DeleteCatalogue,
    /// A write that only deletes rows, but none of the catalogue.
    DeleteValues,
}

impl Kind {
    /// Returns whether the write may change the catalogue, so that the caches of the catalogue must be emptied.
    pub fn changes_catalogue(self) -> bool {
        matches!(self, Self::WriteCatalogue | Self::DeleteCatalogue)
    }

    /// Returns whether the write only deletes. Such a write is accepted on a full disk and may use the space of the
    /// reserve.
    pub fn makes_room(self) -> bool {
        matches!(self, Self::DeleteCatalogue | Self::DeleteValues)
    }
}

/// A write request in the queue. It is run or refused once, and then answered once.
pub trait Request: Send {
    /// Returns the kind of the write.
    fn kind(&self) -> Kind;
    /// Does the work. Returns whether the work succeeded. If not, the caller rolls back the changes of this request.
    fn run(&mut self, tx: &Transaction<'_>) -> bool;
    /// Sets the result to an error, instead of running the request.
    fn refuse(&mut self, error: Error);
    /// Returns the error of the request, if it failed or was refused. `None` if it succeeded or did not run.
    fn failure(&self) -> Option<&Error>;
    /// Sends the result of the work to the caller. `committed` is the result of the group's commit. If the commit
    /// failed, the caller gets an error.
    fn answer(self: Box<Self>, committed: Result<()>);
}

/// A request whose work is a closure.
pub struct Pending<T, F> {
    kind: Kind,
    watch: Watch,
    work: Option<F>,
    result: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T, F> Pending<T, F> {
    /// Creates a request that runs `work` and sends the result through `answer`.
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
            // The error of the group's commit describes the cause more precisely.
            (Some(Err(Error::Unavailable(_))), Err(error @ Error::Unavailable(_))) => Err(error),
            // If the work itself failed, the caller gets that error, whether or not the commit succeeded.
            (Some(Err(error)), _) => Err(error),
            (Some(result), Ok(())) => result,
            (_, Err(error)) => Err(error),
            (None, Ok(())) => Err(Error::Internal("a write was not run".to_owned())),
        };
        // Sending fails if the caller no longer waits. The changes are committed nevertheless.
        let _ = self.answer.send(result);
    }
}
