//! Regularly stores the changes of alerts that happen because time passes.

use std::time::Duration;

use super::Tasks;
use crate::{
    domain::Error,
    service::{App, alert},
};

/// Pause between two rounds. A change is stored within about a second after its time.
const PAUSE: Duration = Duration::from_millis(250);

/// Starts the loop. The first round runs at once.
pub fn start(tasks: &mut Tasks, app: App) {
    tasks.every("alerts", PAUSE, move || {
        let app = app.clone();
        async move {
            if !app.runs_the_loops().await {
                return Ok(());
            }
            let changes = alert::watch(&app).await?;
            if changes > 0 {
                tracing::info!(changes, "alerts changed");
            }
            Ok::<_, Error>(())
        }
    });
}
