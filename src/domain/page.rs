//! Pages of lists.

use uuid::Uuid;

/// Default number of rows of a page.
pub const DEFAULT_LIMIT: usize = 1000;

/// Maximum number of rows of a page.
pub const MAX_LIMIT: usize = 10_000;

/// The requested page of a list. Lists of resources are sorted by id.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Last id of the page before; none for the first page.
    pub after: Option<Uuid>,
    /// Maximum number of rows, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

/// A page of a list.
#[derive(Debug)]
pub struct Listed<T> {
    /// Rows in the order of the list.
    pub items: Vec<T>,
    /// Whether more rows follow.
    pub more: bool,
}

impl<T> Listed<T> {
    /// Creates a page from up to `limit + 1` rows. The extra row only shows that more rows follow.
    pub fn cut(mut items: Vec<T>, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }
}
