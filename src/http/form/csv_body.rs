//! CSV request bodies.

use poem::{Request, RequestBody};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::MetaSchemaRef,
    types::Type,
};

use super::{
    body_bytes::read,
    csv::{CSV, is_csv},
    csv_table::RowLines,
};
use crate::http::problem::Problem;

/// Type that the rows of a CSV body are parsed into.
pub trait CsvRows: Sized + Send + 'static {
    /// Returns a function that parses the bytes of the body. The query parameters of the request may influence the
    /// parsing.
    ///
    /// # Errors
    /// The function returns the problem of an invalid body.
    fn reader(request: &Request) -> impl FnOnce(&[u8]) -> Result<(Self, RowLines), Problem> + Send + 'static;
}

/// CSV request body as an argument of an operation: the parsed rows, and the line number of each row. The body has a
/// header line with the columns in any order, and a line for each row.
pub struct CsvBody<T>(pub T, pub RowLines);

impl<T: CsvRows> Payload for CsvBody<T> {
    const CONTENT_TYPE: &'static str = CSV;

    fn check_content_type(content_type: &str) -> bool {
        is_csv(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        String::schema_ref()
    }
}

impl<T: CsvRows> ParsePayload for CsvBody<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let (rows, lines) = read(request, body, T::reader(request)).await?;
        Ok(Self(rows, lines))
    }
}

impl_apirequest_for_payload!(CsvBody<T>, T: CsvRows);
