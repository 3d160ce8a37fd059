//! Accepts, limits, encrypts and closes connections.

pub mod connection;
pub mod open;
pub mod server;
mod serving;
mod timed;
pub mod tls;
