//! Pools of connections for reading.

use std::{sync::Arc, time::Duration};

use super::{
    options::Options,
    pooled::{Failure, Manager, Pooled},
};
use crate::{
    domain::{Error, Result},
    store::stopwatch::Stopwatch,
};

/// The interval at which a read that waits for a connection looks whether connections can be opened at all.
const LOOK: Duration = Duration::from_millis(250);

/// The longest pause between two attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A pool of connections for reading. Clones of a pool share the same connections.
#[derive(Clone)]
pub struct Pool {
    connections: r2d2::Pool<Manager>,
    failure: Failure,
    patience: Duration,
}

impl Pool {
    /// Creates a pool of at most `size` connections. They are opened when they are needed.
    pub fn new(options: &Arc<Options>, size: usize) -> Self {
        let failure = Failure::default();
        let connections = r2d2::Pool::builder()
            .max_size(u32::try_from(size).unwrap_or(u32::MAX).max(1))
            .min_idle(Some(0))
            // The pause between two attempts to connect, and so the time until reads succeed again after an outage, is at
            // most half of this.
            .connection_timeout(LONGEST_PAUSE * 2)
            // Costs one look at the socket. A connection that the server has closed is replaced before it is used.
            .test_on_check_out(true)
            // The manager logs failures itself.
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(Manager::new(options.clone(), failure.clone()));
        Self {
            connections,
            failure,
            patience: Duration::from_secs(options.connect_seconds),
        }
    }

    /// Returns a free connection without waiting. `None` if all connections are in use or none is open.
    pub fn try_get(&self) -> Option<Pooled> {
        self.connections.try_get().map(Pooled)
    }

    /// Waits for a free connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: no connection was free in time, or none can be opened.
    pub fn get(&self) -> Result<Pooled> {
        let begun = Stopwatch::start();
        loop {
            let error = match self.connections.get_timeout(LOOK) {
                Ok(connection) => return Ok(Pooled(connection)),
                Err(error) => error,
            };
            if let Some(reason) = self.failure.reason() {
                return Err(Error::Unavailable(format!("cannot connect to the database: {reason}")));
            }
            if begun.elapsed() >= self.patience {
                return Err(Error::Unavailable(format!("no connection to read with: {error}")));
            }
        }
    }

    /// Returns the number of connections in use.
    pub fn in_use(&self) -> u32 {
        let state = self.connections.state();
        state.connections - state.idle_connections
    }
}
