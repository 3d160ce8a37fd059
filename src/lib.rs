//! Prediction API: one executable that stores a catalogue of predictive models, connects them to an organisation's
//! sensors and locations, and stores their predictions.
//!
//! Dependencies point down only: `cli`, `http` and `task` use `service`, `service` uses `store`, and all use `domain`.
//! `cli` reads `config`; `example` contains the model of the demo and the guides. `ARCHITECTURE.md` describes the
//! layers. There is no `unsafe` code: the crate root forbids it.

#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod domain;
#[cfg(feature = "demo")]
pub mod example;
pub mod http;
pub mod service;
pub mod store;
pub mod task;
