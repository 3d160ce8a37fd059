//! Replaces the reception of messages in an executable that is built without the feature `mqtt`.

use super::Tasks;
use crate::service::{App, broker::Options};

/// Does nothing, because no messages are received.
///
/// # Errors
/// The settings name a broker.
pub fn start(_: &mut Tasks, _: &App, options: Option<Options>) -> Result<(), &'static str> {
    match options {
        None => Ok(()),
        Some(_) => Err("mqtt.url is set, but this executable was built without the feature mqtt: remove the setting"),
    }
}
