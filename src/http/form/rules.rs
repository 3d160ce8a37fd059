//! Properties of the types of request bodies: rules that a JSON schema cannot express, and a faster parser.

use crate::{domain::Result, service::App};

/// Rules for a request body that its JSON schema cannot express. `service` checks them for every request. Here they are
/// checked only if the body does not fit its schema, so that the error lists all violations at once.
pub trait Rules {
    /// Parses a body in the usual form of its type, if there is a faster parser for that form. `None` if the general parser
    /// must parse it.
    fn usual(_body: &str) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// Checks the rules.
    ///
    /// # Errors
    /// Invalid: every violation of the rules.
    fn apply_rules(&mut self, _app: &App) -> Result<()> {
        Ok(())
    }
}

/// Implements [`Rules`] for types that have a function `check` with the rules.
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
