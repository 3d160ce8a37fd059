//! Checks the machine's clock regularly while the server runs.

use std::time::Duration;

use super::Tasks;
use crate::service::{App, clock};

/// Pause between two checks.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the loop. The first check runs at once.
pub fn start(tasks: &mut Tasks, app: App) {
    tasks.every("clock", PAUSE, move || {
        let app = app.clone();
        async move { clock::tick(&app).await }
    });
}
