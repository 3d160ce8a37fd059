//! Loops that run in the background while the server runs. If a round of a loop fails or panics, this is logged, and
//! the loop continues.

pub mod accuracy;
pub mod alerts;
pub mod clock;
pub mod health;
#[cfg(feature = "mqtt")]
pub mod mqtt;
#[cfg(not(feature = "mqtt"))]
#[path = "mqtt_off.rs"]
pub mod mqtt;
pub mod sweeper;
#[cfg(feature = "webhooks")]
pub mod webhooks;
#[cfg(not(feature = "webhooks"))]
#[path = "webhooks_off.rs"]
pub mod webhooks;

use std::{fmt::Display, future::Future, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;
use tokio::{sync::watch, task::JoinSet};

use crate::service::Recurring;

/// The running loops. Dropping this value cancels them at once.
pub struct Tasks {
    stop: watch::Sender<bool>,
    running: JoinSet<()>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self {
            stop: watch::Sender::new(false),
            running: JoinSet::new(),
        }
    }
}

impl Tasks {
    /// Starts a loop that runs `round` at once, and again each time that `pause` has passed since the last round ended.
    /// If a round fails or panics, this is logged under `name`, and the loop continues. Stopping the loops cancels a
    /// running round at its next `.await`.
    pub fn every<F, E>(&mut self, name: &'static str, pause: Duration, mut round: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = Result<(), E>> + Send,
        E: Display + Send,
    {
        let mut stopped = self.stop.subscribe();
        self.running.spawn(async move {
            let failures = Recurring::new();
            let rounds = async {
                loop {
                    // The future is created inside, so that a panic before its first wait is caught too.
                    let supervised = AssertUnwindSafe(async { round().await }).catch_unwind();
                    match supervised.await {
                        Ok(Ok(())) => {
                            if let Some(failures) = failures.succeeded() {
                                tracing::info!(task = name, failures, "rounds succeed again");
                            }
                        }
                        Ok(Err(error)) => {
                            if let Some(times) = failures.failed(&error.to_string()) {
                                tracing::error!(task = name, %error, times, "a round failed");
                            }
                        }
                        Err(_) => {
                            if let Some(times) = failures.failed("a panic") {
                                tracing::error!(task = name, times, "a round panicked");
                            }
                        }
                    }
                    tokio::time::sleep(pause).await;
                }
            };
            tokio::select! {
                () = rounds => {}
                _ = stopped.wait_for(|stop| *stop) => {}
            }
        });
    }

    /// Stops all loops, and waits until they have ended.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.running.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a task ended abnormally");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_loop_survives_errors_and_panics_until_it_is_stopped() {
        let (sender, mut rounds) = mpsc::unbounded_channel();
        let mut tasks = Tasks::default();
        let mut number = 0;
        tasks.every("test", Duration::ZERO, move || {
            number += 1;
            let (number, sender) = (number, sender.clone());
            assert!(number != 1, "a fault before the round");
            async move {
                sender.send(number).map_err(|e| e.to_string())?;
                match number {
                    2 => Err("a failure".to_owned()),
                    3 => panic!("a fault in the round"),
                    _ => Ok(()),
                }
            }
        });
        for expected in 2..6 {
            assert_eq!(rounds.recv().await, Some(expected));
        }
        tasks.stop().await;
        while rounds.recv().await.is_some() {}
    }

    #[tokio::test]
    async fn stopping_waits_neither_for_the_pause_nor_for_a_round_that_waits() {
        let (sender, mut begun) = mpsc::unbounded_channel();
        let mut tasks = Tasks::default();
        let at_length = sender.clone();
        tasks.every("endless", Duration::ZERO, move || {
            let _ = at_length.send(());
            std::future::pending::<Result<(), String>>()
        });
        tasks.every("rare", Duration::MAX, move || {
            let _ = sender.send(());
            std::future::ready(Ok::<_, String>(()))
        });
        for _ in 0..2 {
            begun.recv().await;
        }
        tasks.stop().await;
        assert_eq!(begun.recv().await, None);
    }
}
