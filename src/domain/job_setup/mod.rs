//! The set-up of a job in three steps: the store gathers the resources that the request names, [`decide`] decides which
//! ones to create, and the service applies that plan. The decision uses neither database nor clock, so that it has
//! property tests.

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
