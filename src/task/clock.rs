//! Watches the machine's clock for as long as the server runs.

use std::time::Duration;

use super::Tasks;
use crate::service::{App, clock};

/// How long after a look the next one begins.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks now and then again.
pub fn start(tasks: &mut Tasks, app: App) {
    tasks.every("clock", PAUSE, move || {
        let app = app.clone();
        async move { clock::tick(&app).await }
    });
}
