//! The maintained fork under the name that the web framework depends on. See README.md.

pub use serde_norway::*;
