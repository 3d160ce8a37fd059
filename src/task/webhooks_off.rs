//! Stands in for the delivery of webhooks in an executable that is built without them.

use super::Tasks;
use crate::service::App;

/// Starts nothing.
pub fn start(_: &mut Tasks, _: App) {}
