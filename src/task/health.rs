//! Regularly stores the changes of jobs' health that time alone causes.

use std::time::Duration;

use super::Tasks;
use crate::{
    domain::Error,
    service::{App, health},
};

/// Pause between two rounds. A change is noticed within a second of its time.
const PAUSE: Duration = Duration::from_millis(250);

/// Starts the rounds, the first one at once.
pub fn start(tasks: &mut Tasks, app: App) {
    tasks.every("health", PAUSE, move || {
        let app = app.clone();
        async move {
            let changes = health::watch(&app).await?;
            if changes > 0 {
                tracing::info!(changes, "the health of jobs changed");
            }
            Ok::<_, Error>(())
        }
    });
}
