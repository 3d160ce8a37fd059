//! The SQL of messages to webhooks: the outbox, and the results of deliveries.
//!
//! `next_attempt_at` is set for the first pending message about each job, so that an index finds the due messages, and
//! messages about a job are sent in their order. While a message waits for another attempt ([`hold`]), all messages of
//! its webhook wait, because the receiver is probably unreachable for all jobs.

mod attempt;
mod due;
mod list;
mod outbox;

pub use attempt::{attempted, retry_now};
pub use due::{Hold, due, due_webhooks, hold};
pub use list::{list, waiting};
pub use outbox::{NewDelivery, forget, insert, insert_sent, newest};
