//! Regularly stores the changes of jobs' health states that happen because time passes.

use std::time::Duration;

use super::Tasks;
use crate::{
    domain::Error,
    service::{App, health},
};

/// Pause between two rounds. A change is stored within about a second after its deadline.
const PAUSE: Duration = Duration::from_millis(250);

/// Starts the loop. The first round runs at once.
pub fn start(tasks: &mut Tasks, app: App) {
    tasks.every("health", PAUSE, move || {
        let app = app.clone();
        async move {
            if !app.runs_the_loops().await {
                return Ok(());
            }
            let changes = health::watch(&app).await?;
            if changes > 0 {
                tracing::info!(changes, "the health of jobs changed");
            }
            Ok::<_, Error>(())
        }
    });
}
