//! Prediction API: one executable that keeps a catalogue of predictive models, connects them to an organisation's
//! sensors and locations, and stores what they predict.
//!
//! Dependencies point down only: `cli`, `http` and `task` stand on `service`, `service` on `store`, all on `domain`.
//! `config` is read by `cli`; `example` is what the demo and the guides show. `ARCHITECTURE.md` tells more.

#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod domain;
pub mod example;
pub mod http;
pub mod service;
pub mod store;
pub mod task;
