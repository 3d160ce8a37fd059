//! The example that the demo, the guides and `examples/mildew_worker.rs` share: a real model on real weather. Nothing
//! of it is needed for the product's own work.

pub mod catalogue;
pub mod degree_days;
pub mod mildew;
pub mod today;
pub mod typical;
pub mod weather;
