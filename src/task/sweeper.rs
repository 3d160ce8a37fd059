//! Deletes what has expired, for as long as the server runs.

use std::time::Duration;

use super::Tasks;
use crate::{
    domain::retention::Swept,
    service::{App, audit, clock, retention, throttle::Pace},
};

/// Sweeps now and then again, each time `pause` after the last sweep ended.
pub fn start(tasks: &mut Tasks, app: App, pause: Duration, audit_days: u64) {
    tasks.every("sweeper", pause, move || {
        let app = app.clone();
        async move {
            // What is deleted by age does not come back: a clock that has jumped is waited out.
            let trusted = clock::look(&app)?.ok();
            let Swept {
                runs,
                predictions,
                readings,
            } = match trusted {
                Some(now) => retention::sweep(&app, now, Pace::Gentle).await?,
                None => retention::sweep_abandoned(&app, Pace::Gentle).await?,
            };
            if runs + readings > 0 {
                tracing::info!(runs, predictions, readings, "deleted what has expired");
            }
            let Some(now) = trusted else {
                return Ok(());
            };
            let entries = audit::sweep(&app, now, audit_days, Pace::Gentle).await?;
            if entries > 0 {
                tracing::info!(entries, "deleted what is old of the audit trail");
            }
            Ok::<_, crate::domain::Error>(())
        }
    });
}
