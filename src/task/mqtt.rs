//! Receives the messages of the MQTT broker while the server runs.

use std::{sync::Arc, time::Duration};

use tokio::sync::Mutex;

use super::Tasks;
use crate::service::{
    App,
    broker::{Options, Receiver},
};

/// Pause between two connections, besides that after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the loop, which connects at once. `options` is `None` if the settings name no broker.
///
/// # Errors
/// Never in a build with the feature `mqtt`.
pub fn start(tasks: &mut Tasks, app: &App, options: Option<Options>) -> Result<(), &'static str> {
    let Some(options) = options else {
        return Ok(());
    };
    let receiver = Arc::new(Mutex::new(Receiver::new(app.clone(), options)));
    tasks.every("mqtt", PAUSE, move || {
        let receiver = receiver.clone();
        async move { receiver.lock().await.round().await }
    });
    Ok(())
}
