//! Writes: one after the other in the writer's transactions, each answered after its commit.

use std::hash::Hash;

use super::open::Db;
use crate::{
    domain::Result,
    store::{
        cache::{Cache, Freshness},
        engine::Transaction,
        sqlite::writer::Kind,
    },
};

impl Db {
    /// Runs `work` in the writer's transaction and answers once it is committed. If `work` fails, what it did is
    /// undone, and nothing else is.
    ///
    /// # Errors
    /// What `work` answers; [`Error::Busy`] if too many writes are waiting; [`Error::Unavailable`] if the database
    /// cannot be written; [`Error::Internal`] if `work` panics.
    pub async fn write_catalogue<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.write(Kind::WriteCatalogue, work).await
    }

    /// The same for `work` that writes only what the catalogue does not speak of: readings, predictions, messages of
    /// webhooks, the use of tokens. Caches of the catalogue stay.
    ///
    /// # Errors
    /// As [`Db::write_catalogue`].
    pub async fn write_values<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.write(Kind::WriteValues, work).await
    }

    /// Like [`Db::write_catalogue`] for `work` that only deletes: it may use the reserve of a full disk.
    ///
    /// # Errors
    /// As [`Db::write_catalogue`].
    pub async fn delete_catalogue<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.write(Kind::DeleteCatalogue, work).await
    }

    /// Like [`Db::write_values`] for `work` that only deletes: it may use the reserve of a full disk.
    ///
    /// # Errors
    /// As [`Db::write_catalogue`].
    pub async fn delete_values<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.write(Kind::DeleteValues, work).await
    }

    /// Makes the reserve of the disk if it is missing and there is room for it.
    pub fn keep_reserve(&self) {
        self.room.keep_reserve();
    }

    /// Makes a cache of the catalogue: it is emptied when the catalogue may have changed.
    pub fn catalogue_cache<K: Eq + Hash, V: Clone>(&self, freshness: Freshness) -> Cache<K, V> {
        Cache::new(freshness, self.writer.changes())
    }

    /// Makes a cache of anything, for readers: it is emptied by every commit.
    pub fn commit_cache<K: Eq + Hash, V: Clone>(&self) -> Cache<K, V> {
        Cache::new(Freshness::Second, self.writer.commits())
    }
}
