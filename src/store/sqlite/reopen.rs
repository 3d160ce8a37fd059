//! Opens the database for the writer again, after a connection broke, or after the database was opened only for reading
//! because the disk was full.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{
    connect::open_writing,
    database::{self, Opened},
    errors::OpenError,
    pool::{Access, Pool},
    room::{self, Room},
};
use crate::domain::{Error, Result};

/// The maximum time to wait for the running reads of each pool before its connections are closed and opened again.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that the writer needs to open the database again.
pub struct Reopen {
    /// The database file.
    pub path: PathBuf,
    /// All pools of read-only connections, in the order in which they are closed.
    pub pools: [Pool; 3],
    /// The kind of index of the write-ahead log that the pools use now.
    pub access: Access,
    /// The free space of the disk and the reserve.
    pub room: Arc<Room>,
    /// The maximum time to wait for the running reads of each pool.
    pub patience: Duration,
}

impl database::Reopen for Reopen {
    fn reopen(&mut self) -> Result<Opened> {
        match self.access {
            Access::Shared => {
                let opened = open_writing(&self.path).map_err(unavailable)?;
                let pools = self.pools.iter();
                all(pools.map(|pool| pool.open_if_closed(Access::Shared)))?;
                Ok(opened)
            }
            Access::WithoutRoom => self.open_with_room(),
        }
    }
}

impl Reopen {
    /// Opens the database for writing if the disk has room for the files that SQLite needs. Then the readers use the
    /// shared index of the log. If that fails, the readers continue as before.
    fn open_with_room(&mut self) -> Result<Opened> {
        if !self.room.is_enough_to_open() {
            return Err(Error::Unavailable(room::FULL.to_owned()));
        }
        let held = self.pools.iter().map(|pool| pool.hold(self.patience));
        // No pool is closed before the running reads of all pools have ended.
        let mut held = held.collect::<Result<Vec<_>>>()?;
        for pool in &mut held {
            pool.close();
        }
        let opened = open_writing(&self.path);
        self.access = match &opened {
            Ok(_) => Access::Shared,
            Err(_) => Access::WithoutRoom,
        };
        let pools = all(held.iter_mut().map(|pool| pool.open(self.access)));
        let opened = opened.map_err(unavailable)?;
        pools?;
        tracing::info!("there is room again: the database is open for writing");
        Ok(opened)
    }
}

/// Runs all steps, even after a failure, and returns the first failure. A pool that cannot be opened must not prevent
/// the others from being opened.
fn all(done: impl Iterator<Item = std::result::Result<(), OpenError>>) -> Result<()> {
    let done: Vec<_> = done.collect();
    let done: std::result::Result<(), _> = done.into_iter().collect();
    done.map_err(unavailable)
}

fn unavailable(error: OpenError) -> Error {
    Error::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{database::Reopen as _, *};
    use crate::store::{engine::Connection, sqlite::connect::can_be_read_without_room};

    /// Returns a database in a folder that was opened without room, with a pool for each of these paths.
    fn without_room(paths: [&str; 3]) -> (tempfile::TempDir, Reopen) {
        let folder = tempfile::tempdir().unwrap();
        for name in paths {
            let path = folder.path().join(name);
            drop(open_writing(&path).unwrap());
            assert!(can_be_read_without_room(&path));
        }
        let open = |name: &str| {
            let path = folder.path().join(name);
            Pool::open(&path, 1, 0, Access::WithoutRoom).unwrap()
        };
        let path = folder.path().join("a.db");
        let reopen = Reopen {
            pools: paths.map(open),
            access: Access::WithoutRoom,
            room: Arc::new(Room::of(&path, 0)),
            patience: Duration::from_millis(50),
            path,
        };
        (folder, reopen)
    }

    fn can_read(pool: &Pool) -> bool {
        let read = |connection: &Connection| connection.query_row("SELECT count(*) FROM jobs", [], |_| Ok(()));
        pool.get().is_ok_and(|connection| read(&connection).is_ok())
    }

    #[test]
    fn a_long_read_of_one_pool_leaves_the_others_open() {
        let (_folder, mut reopen) = without_room(["a.db"; 3]);
        let last = reopen.pools[2].clone();
        let reading = last.get().unwrap();
        assert!(matches!(reopen.reopen(), Err(Error::Unavailable(_))));
        assert!(can_read(&reopen.pools[0]));
        assert!(can_read(&reopen.pools[1]));
        drop(reading);
        let opened = reopen.reopen().unwrap();
        assert!(reopen.pools.iter().all(can_read));
        drop(opened);
    }

    #[test]
    fn a_pool_that_cannot_be_opened_leaves_the_others_open_and_is_opened_later() {
        let (folder, mut reopen) = without_room(["b.db", "a.db", "a.db"]);
        let (file, moved) = (folder.path().join("b.db"), folder.path().join("moved"));
        fs::rename(&file, &moved).unwrap();
        assert!(matches!(reopen.reopen(), Err(Error::Unavailable(_))));
        assert!(!can_read(&reopen.pools[0]));
        assert!(can_read(&reopen.pools[1]));
        assert!(can_read(&reopen.pools[2]));
        fs::rename(&moved, &file).unwrap();
        let opened = reopen.reopen().unwrap();
        assert!(reopen.pools.iter().all(can_read));
        drop(opened);
    }
}
