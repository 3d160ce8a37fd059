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

impl<R, S> Table<R, S> {
    /// Creates a response with all rows, without further pages.
    pub fn whole(form: Form, body: Body, file: String) -> Self {
        Self {
            form,
            body,
            file,
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
        let body = match Layouts::of::<R, S>() {
            Layouts::Same => Vec::<R>::schema_ref(),
            Layouts::Two { either, .. } => MetaSchemaRef::Reference(either),
        };
        let description = "One page of the rows, in a stable order.";
        let mut response = meta(200, description, Some(body), &[LINK]);
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
        if let Layouts::Two { either, rows, series } = Layouts::of::<R, S>() {
            let one_of = [rows, series].map(|layout| layout.register(registry)).into();
            let either_schema = MetaSchema {
                description: Some("Values in rows, or in series if the request has `shape=series`."),
                one_of,
                ..MetaSchema::ANY
            };
            registry.schemas.insert(either, either_schema);
        }
    }
}

/// Layouts of the JSON response in the API's document. Each has a name, and exactly one fits a response, because many
/// generators of clients lose the data of other unions. An empty array is a response in rows.
enum Layouts {
    /// Rows and series have one layout.
    Same,
    /// Names of the schema for both layouts, and the layouts themselves.
    Two {
        either: String,
        rows: Layout,
        series: Layout,
    },
}

impl Layouts {
    fn of<R: Type, S: Type>() -> Self {
        let (rows, series) = (Vec::<R>::schema_ref(), S::schema_ref());
        if rows == series {
            return Self::Same;
        }
        let name = R::name();
        Self::Two {
            either: format!("{name}Page"),
            rows: Layout::of(format!("{name}Rows"), "Values in rows.", rows, None),
            series: Layout::of(format!("{name}SeriesList"), "Values in series.", series, Some(1)),
        }
    }
}

/// Layout of a JSON response: a schema that has a name, or an array that gets one.
enum Layout {
    Named(MetaSchemaRef),
    Array(String, Box<MetaSchema>),
}

impl Layout {
    fn of(name: String, description: &'static str, schema: MetaSchemaRef, min_items: Option<usize>) -> Self {
        match schema {
            MetaSchemaRef::Inline(array) => {
                let array = MetaSchema {
                    description: Some(description),
                    min_items,
                    ..*array
                };
                Self::Array(name, Box::new(array))
            }
            named @ MetaSchemaRef::Reference(_) => Self::Named(named),
        }
    }

    /// Adds the schema to the document and returns a reference to it.
    fn register(self, registry: &mut Registry) -> MetaSchemaRef {
        match self {
            Self::Named(schema) => schema,
            Self::Array(name, schema) => {
                registry.schemas.insert(name.clone(), *schema);
                MetaSchemaRef::Reference(name)
            }
        }
    }
}
