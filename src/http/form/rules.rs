//! Rules of bodies that no schema can express.

use crate::{domain::Result, service::App};

/// Rules of a body that its schema cannot express. `service` applies them again; here they only complete the violations
/// of a body whose form is at fault.
pub trait Rules {
    /// Refuses the body with every violation of its rules.
    fn apply_rules(&mut self, _app: &App) -> Result<()> {
        Ok(())
    }
}

/// Implements [`Rules`] by a body's own function `check`.
macro_rules! rules {
    ($($body:ty),*) => {$(
        impl $crate::http::form::rules::Rules for $body {
            fn apply_rules(&mut self, _app: &$crate::service::App) -> $crate::domain::Result<()> {
                self.check()
            }
        }
    )*};
}

pub(crate) use rules;
