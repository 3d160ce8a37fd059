//! The example shared by the demo, the guides and `examples/mildew_worker.rs`: a real model on real weather.

pub mod calendar;
pub mod catalogue;
pub mod degree_days;
pub mod jobs;
pub mod mildew;
pub mod outlook;
pub mod weather;
