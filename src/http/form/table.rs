//! Responses that contain rows of values, as JSON or as CSV.

use std::marker::PhantomData;

use poem::{
    Body, IntoResponse, Response,
    http::{StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;

use super::{
    csv::CSV,
    layout::Form,
    list::NextPage,
    reply::{JSON, LINK, bytes, meta, set},
};

/// Media type of CSV in responses (RFC 4180).
const CSV_ANSWER: &str = "text/csv; charset=utf-8; header=present";

/// Response 200 with a page of values: as a JSON array of `R`, as JSON series of the type `S`, or as CSV.
pub struct Table<R, S> {
    /// Layout of the body.
    pub form: Form,
    /// Body in the layout `form`.
    pub body: Body,
    /// Name, without extension, of the file that a browser saves a CSV response to. Unused for JSON.
    pub file: String,
    /// Position at which the next page begins. `None` on the last page.
    pub next: Option<String>,
    /// Types of the rows and of the series, which the API's document describes.
    pub of: PhantomData<(R, S)>,
}

impl<R, S: Serialize> Table<R, S> {
    /// Creates a JSON response with complete series, without further pages.
    pub fn series(series: &S) -> Self {
        Self {
            form: Form::Series,
            body: bytes(series).into(),
            file: String::new(),
            next: None,
            of: PhantomData,
        }
    }
}

impl<R: Send, S: Send> IntoResponse for Table<R, S> {
    fn into_response(self) -> Response {
        let mut response = Response::builder()
            .status(StatusCode::OK)
            .content_type(match self.form {
                Form::Csv => CSV_ANSWER,
                Form::Rows | Form::Series => JSON,
            })
            .header(header::VARY, "Accept")
            .body(self.body);
        if self.form == Form::Csv {
            let file = format!("attachment; filename=\"{}.csv\"", self.file);
            set(&mut response, header::CONTENT_DISPOSITION, &file);
        }
        if let Some(next) = self.next {
            response.set_data(NextPage(next));
        }
        response
    }
}

impl<R: Type, S: Type> ApiResponse for Table<R, S> {
    fn meta() -> MetaResponses {
        let either = MetaSchema {
            any_of: vec![Vec::<R>::schema_ref(), S::schema_ref()],
            ..MetaSchema::ANY
        };
        let either = MetaSchemaRef::Inline(Box::new(either));
        let description = "One page of the rows, in a stable order.";
        let mut response = meta(200, description, Some(either), &[LINK]);
        response.content.push(MetaMediaType {
            content_type: CSV,
            schema: String::schema_ref(),
        });
        MetaResponses {
            responses: vec![response],
        }
    }

    fn register(registry: &mut Registry) {
        R::register(registry);
        S::register(registry);
    }
}
