//! Writes to the database. They run one after the other in the writer's transactions. The functions return after the
//! commit.

use std::hash::Hash;

use super::{engine::Engine, open::Db};
use crate::{
    domain::Result,
    store::{
        cache::{Cache, Freshness},
        engine::Transaction,
        writer::Kind,
    },
};

impl Db {
    /// Runs `work` in the writer's transaction and returns after the commit. Use this for work that may change the
    /// catalogue. If `work` fails, only its own changes are rolled back.
    ///
    /// # Errors
    /// The error of `work`; `Error::Busy` if too many writes wait; `Error::ShareTaken` if too many writes of the same
    /// token wait; `Error::Unavailable` if the database cannot be written; `Error::Internal` if `work` panics.
    pub async fn write_catalogue<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.write(Kind::WriteCatalogue, work).await
    }

    /// Like [`Db::write_catalogue`] for `work` that changes nothing of the catalogue: readings, predictions, messages
    /// of webhooks, the use of tokens. The caches of the catalogue stay valid, unless `work` says that it has changed
    /// series, see [`Transaction::change_series`].
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

    /// Creates the reserve on the disk if it is missing or was released, and there is room for it.
    pub fn keep_reserve(&self) {
        if let Engine::Sqlite(parts) = &self.engine {
            parts.room.keep_reserve();
        }
    }

    /// Returns whether this process runs the loops that send messages and delete expired data. With SQLite it always
    /// does. Processes that share a database of PostgreSQL choose one. May wait for the database.
    pub async fn is_chosen(&self) -> bool {
        let Engine::Postgres(parts) = &self.engine else {
            return true;
        };
        let parts = parts.clone();
        tokio::task::spawn_blocking(move || parts.leader.is_chosen())
            .await
            .unwrap_or(false)
    }

    /// Creates a cache of catalogue data (organisations, tokens, sources, jobs and so on). It is emptied whenever the
    /// catalogue may have changed.
    pub fn catalogue_cache<K: Eq + Hash, V: Clone>(&self, freshness: Freshness) -> Cache<K, V> {
        Cache::new(freshness, self.writer.changes())
    }

    /// Creates a cache of any data for readers. Every commit empties it.
    pub fn commit_cache<K: Eq + Hash, V: Clone>(&self) -> Cache<K, V> {
        Cache::new(Freshness::Second, self.writer.commits())
    }
}
