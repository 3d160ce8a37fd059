//! Connections: how they are accepted, limited, encrypted and closed.

pub mod connection;
pub mod open;
pub mod server;
mod serving;
mod timed;
pub mod tls;
