//! Lists are answered a page at a time.

use uuid::Uuid;

/// How many rows a list answers unless told.
pub const DEFAULT_LIMIT: usize = 1000;

/// How many rows a list answers at most.
pub const MAX_LIMIT: usize = 10_000;

/// Which part of a list is asked for. Lists of things stand in the order of their ids.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The last id of the page before; none at the start.
    pub after: Option<Uuid>,
    /// How many rows at most, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

/// One page of a list.
#[derive(Debug)]
pub struct Listed<T> {
    /// The rows, in the list's order.
    pub items: Vec<T>,
    /// Whether the list goes on behind them.
    pub more: bool,
}

impl<T> Listed<T> {
    /// A page out of up to `limit + 1` rows: the row too many only tells that the list goes on.
    pub fn cut(mut items: Vec<T>, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }
}
