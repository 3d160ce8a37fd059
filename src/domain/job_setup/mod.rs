//! The set-up of a job, a request that creates a job with everything that it needs, has three steps. The store reads
//! the existing resources that the request names. [`decide`] returns a plan of the resources to create. The service
//! creates the resources of the plan. The decision uses neither the database nor the clock, so that property tests can
//! check it.

mod agreement;
mod answer;
mod change;
mod decide;
mod form;
mod found;
mod fresh;
mod inquiry;
mod plan;
mod request;

pub use answer::{Created, CreatedKind, JobSetupAnswer};
pub use change::change;
pub use decide::decide;
pub use found::{Found, Things};
pub use fresh::Fresh;
pub use inquiry::Inquiry;
pub use plan::{Made, Plan};
pub use request::{JobSetup, SetupJob, SetupSource, SetupVersion};
