//! An open database: reads on connections of their own, writes in the order of their arrival.

mod copy;
mod engine;
mod limits;
mod load;
mod metrics;
mod open;
mod read;
mod stop;
mod write;

pub use copy::Copy;
pub use limits::Limits;
pub use load::Load;
pub use metrics::describe_metrics;
pub use open::Db;
