//! Replaces the delivery of webhook messages in an executable that is built without the feature `webhooks`.

use super::Tasks;
use crate::service::App;

/// Does nothing, because no messages are delivered.
pub fn start(_: &mut Tasks, _: App) {}
