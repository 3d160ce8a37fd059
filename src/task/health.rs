//! Notices in time what happens to the health of jobs when nothing happens.

use std::time::Duration;

use super::Tasks;
use crate::{
    domain::Error,
    service::{App, health},
};

/// How long after a look the next one begins: a change is noticed within a second of its time.
const PAUSE: Duration = Duration::from_millis(250);

/// Looks now and then again.
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
