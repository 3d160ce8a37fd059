//! The example shared by the demo, the guides and `examples/mildew_worker.rs`: a real model on real weather.

pub mod catalogue;
pub mod degree_days;
pub mod mildew;
pub mod today;
pub mod typical;
pub mod weather;
