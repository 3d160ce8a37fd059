//! Protection of the server and its clients: limits, conditional requests, compression and headers for browsers.

pub mod browser;
pub mod coding;
pub mod compression;
pub mod condition;
pub mod pace;
pub mod rate;
pub mod share;
