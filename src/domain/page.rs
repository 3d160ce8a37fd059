//! Pages of lists.

use uuid::Uuid;

/// Maximum number of rows of a page if the request gives no limit.
pub const DEFAULT_LIMIT: usize = 1000;

/// Largest limit that a request can give for the number of rows of a page.
pub const MAX_LIMIT: usize = 10_000;

/// Request for one page of a list of resources. The list is sorted by id.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Id of the last row of the previous page. `None` requests the first page.
    pub after: Option<Uuid>,
    /// Maximum number of rows, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

/// One page of a list, as read from the database.
#[derive(Debug)]
pub struct Listed<T> {
    /// Rows in the order of the list.
    pub items: Vec<T>,
    /// Whether more rows follow after this page.
    pub more: bool,
}

impl<T> Listed<T> {
    /// Creates a page from up to `limit + 1` rows. The last row beyond `limit` is dropped, and shows that more rows
    /// follow.
    pub fn cut(mut items: Vec<T>, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }
}
