//! Accepts, limits, encrypts and closes connections.

pub mod connection;
pub mod open;
pub mod server;
mod serving;
mod timed;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls_off.rs"]
pub mod tls;
