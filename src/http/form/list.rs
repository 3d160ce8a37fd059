//! Responses that contain a page of a list.

use poem::{IntoResponse, Response, http::StatusCode};
use poem_openapi::types::Type;
use serde::Serialize;

use super::reply::{LINK, api_response, bytes, json, meta};
use crate::domain::page::Listed;

/// Response 200 with one page of a list as a JSON array. The `Link` header leads to the next page if there is one.
pub struct List<T> {
    items: Vec<T>,
    next: Option<String>,
}

/// Response 200 with an object that contains one page of a list. The `Link` header leads to the next page if there is
/// one.
pub struct Part<T> {
    /// Body of the response.
    pub answer: T,
    /// Position at which the next page begins, from [`super::cursor::encode`]. `None` on the last page.
    pub next: Option<String>,
}

/// Position of the next page in the data of a response. The server turns it into a cursor and adds the `Link` header.
#[derive(Debug, Clone)]
pub struct NextPage(pub String);

impl<T> List<T> {
    /// Creates a page of a list. `next` is the position at which the next page begins, from [`super::cursor::encode`].
    pub fn part(items: Vec<T>, next: Option<String>) -> Self {
        Self { items, next }
    }

    /// Creates a page of a list. `cursor` returns the position after a row, and is called for the last row if there are
    /// more pages.
    pub fn new(listed: Listed<T>, cursor: impl FnOnce(&T) -> String) -> Self {
        let next = listed.items.last().filter(|_| listed.more).map(cursor);
        Self {
            items: listed.items,
            next,
        }
    }
}

api_response!([T: Serialize + Type] List<T>, Vec<T>, |schema| vec![
    meta(200, "One page of the list, in a stable order.", Some(schema()), &[LINK]),
]);
api_response!([T: Serialize + Type] Part<T>, T, |schema| vec![
    meta(200, "The resource, with a page of its list.", Some(schema()), &[LINK]),
]);

impl<T: Serialize + Send> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        page(&self.items, self.next)
    }
}

impl<T: Serialize + Send> IntoResponse for Part<T> {
    fn into_response(self) -> Response {
        page(&self.answer, self.next)
    }
}

fn page(body: &impl Serialize, next: Option<String>) -> Response {
    let mut response = json(StatusCode::OK, bytes(body));
    if let Some(next) = next {
        response.set_data(NextPage(next));
    }
    response
}
