//! Deletes expired data regularly while the server runs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::Tasks;
use crate::{
    domain::retention::Swept,
    service::{App, audit, clock, retention, throttle::Pace},
};

/// Starts the loop, whose rounds delete expired data. The first round runs at once, and each later round starts when
/// `pause` has passed since the end of the previous one. `audit_days` is the number of days for which audit entries are
/// stored.
pub fn start(tasks: &mut Tasks, app: App, pause: Duration, audit_days: u64) {
    let are_histories_swept = Arc::new(AtomicBool::new(false));
    tasks.every("sweeper", pause, move || {
        let (app, are_histories_swept) = (app.clone(), are_histories_swept.clone());
        async move {
            if !app.runs_the_loops().await {
                return Ok(());
            }
            if !are_histories_swept.load(Ordering::Relaxed) {
                retention::histories(&app, Pace::Gentle).await?;
                are_histories_swept.store(true, Ordering::Relaxed);
            }
            // Deleted data cannot be restored, so nothing is deleted by age while the clock is not trusted.
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
                tracing::info!(runs, predictions, readings, "deleted expired data");
            }
            let Some(now) = trusted else {
                return Ok(());
            };
            let entries = audit::sweep(&app, now, audit_days, Pace::Gentle).await?;
            if entries > 0 {
                tracing::info!(entries, "deleted old entries of the audit trail");
            }
            Ok::<_, crate::domain::Error>(())
        }
    });
}
