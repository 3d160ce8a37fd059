//! The SQL of messages to webhooks: the outbox, and the results of deliveries.
//!
//! `next_attempt_at` is set for the first pending message about each job, so that what is due is found by an index, and
//! nothing is sent before what came before it. While a message waits for another attempt ([`hold`]), all messages of its
//! webhook wait: the receiver is taken to be gone, not to refuse one job.

mod attempt;
mod due;
mod list;
mod outbox;

pub use attempt::{attempted, retry_now};
pub use due::{Hold, due, due_webhooks, hold};
pub use list::list;
pub use outbox::{NewDelivery, forget, insert, insert_sent, newest};
