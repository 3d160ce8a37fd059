//! Delivers webhook messages while the server runs.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::sleep};

use super::Tasks;
use crate::service::{
    App,
    webhook::{Courier, LOOK_EVERY},
};

/// Pause after a round that failed.
const REST: Duration = Duration::from_secs(5);

/// Starts the loop, which searches for due messages at once and then several times a second.
pub fn start(tasks: &mut Tasks, app: App) {
    let courier = Arc::new(Mutex::new(Courier::new(app)));
    tasks.every("webhooks", LOOK_EVERY, move || {
        let courier = courier.clone();
        async move {
            let done = courier.lock().await.round().await;
            if done.is_err() {
                sleep(REST).await;
            }
            done
        }
    });
}
