//! Regularly computes how far the predictions of each job were off, for the metrics.

use std::time::Duration;

use super::Tasks;
use crate::{
    domain::{Error, verification::RecentAccuracy},
    service::{App, accuracy},
};

/// Starts the loop, which hands each result to `show`. The first round runs at once. With 0 minutes there is no loop.
pub fn start<F>(tasks: &mut Tasks, app: App, minutes: u64, show: F)
where
    F: Fn(&[RecentAccuracy]) + Clone + Send + 'static,
{
    if minutes == 0 {
        return;
    }
    tasks.every("accuracy", Duration::from_mins(minutes), move || {
        let (app, show) = (app.clone(), show.clone());
        async move {
            // Of several servers on one database only one shows it.
            let found = match app.runs_the_loops().await {
                true => accuracy::recent(&app).await?,
                false => Vec::new(),
            };
            show(&found);
            Ok::<_, Error>(())
        }
    });
}
