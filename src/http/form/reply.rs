//! Good answers: one thing, a new thing, a list, nothing.

use std::marker::PhantomData;

use poem::{
    Body, IntoResponse, Response,
    http::{HeaderName, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::layout::Form;
use crate::{
    domain::{
        job::Job,
        job_setup::JobSetupAnswer,
        location::Location,
        organisation::Organisation,
        page::Listed,
        patch::{first_64_bits, state_tag},
        sensor::Sensor,
        source::Source,
        source_version::SourceVersion,
        token::IssuedToken,
        webhook::{IssuedWebhook, Webhook},
    },
    http::problem::Problem,
};

/// What every operation answers.
pub type Answer<T> = Result<T, Problem>;

const JSON: &str = "application/json";

/// The media type of CSV.
pub const CSV: &str = "text/csv";

/// The media type of CSV answers (RFC 4180).
const CSV_ANSWER: &str = "text/csv; charset=utf-8; header=present";

/// A single thing: where it is and which state it is in.
pub trait Thing: Serialize + Type + Sized {
    /// The path of its kind.
    const PATH: &'static str;
    /// Its id.
    fn id(&self) -> Uuid;
    /// Counts its changes, from a random start.
    fn revision(&self) -> i64;
    /// What a GET of it would show, if the answer shows more.
    fn state(&self) -> Option<&impl Serialize> {
        None::<&Self>
    }
}

macro_rules! things {
    ($($type:ty, $path:literal, $($member:ident).+, $revision:expr;)*) => {$(
        impl Thing for $type {
            const PATH: &'static str = $path;
            fn id(&self) -> Uuid { self.$($member).+ }
            fn revision(&self) -> i64 { let revision: fn(&$type) -> i64 = $revision; revision(self) }
        }
    )*};
}

things! {
    Organisation, "/api/v1/organisations", id, |thing| thing.revision;
    Location, "/api/v1/locations", id, |thing| thing.revision;
    Sensor, "/api/v1/sensors", id, |thing| thing.revision;
    Source, "/api/v1/sources", id, |thing| thing.revision;
    SourceVersion, "/api/v1/source_versions", id, |thing| thing.revision;
    Job, "/api/v1/jobs", id, |thing| thing.revision;
    Webhook, "/api/v1/webhooks", id, |thing| thing.revision;
    JobSetupAnswer, "/api/v1/jobs", job.id, |thing| thing.job.revision;
}

/// The secret is shown this once, and is no part of the state.
impl Thing for IssuedWebhook {
    const PATH: &'static str = Webhook::PATH;

    fn id(&self) -> Uuid {
        self.webhook.id
    }

    fn revision(&self) -> i64 {
        self.webhook.revision
    }

    fn state(&self) -> Option<&impl Serialize> {
        Some(&self.webhook)
    }
}

/// 200 with one thing and its ETag.
pub struct Found<T>(pub T);

/// 201 with a new thing, its ETag and where it is.
pub struct Created<T>(pub T);

/// 201 with a token and its secret, which nobody in between may keep. A token has no address of its own.
pub struct Issued(pub IssuedToken);

/// 200 with one page of a list. `Link` leads to the next if there is one.
pub struct List<T> {
    items: Vec<T>,
    next: Option<String>,
}

/// 204: it is gone.
pub struct Deleted;

/// 201 if the job was made, 200 if it was there (or for a dry run).
pub struct SetUp {
    /// The job.
    pub answer: JobSetupAnswer,
    /// Whether it was made.
    pub created: bool,
}

/// 200 with something that has no state to compare.
pub struct Plain<T>(pub T);

/// 200 with something that a list stands in, of which this is a page.
pub struct Part<T> {
    /// The answer.
    pub answer: T,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// 200 with a page of rows, as JSON (rows of `R`, or `S` with its values in columns) or as CSV.
pub struct Table<R, S> {
    /// In which form.
    pub form: Form,
    /// What is answered.
    pub body: Body,
    /// What a file of it is called, without its ending.
    pub file: String,
    /// Where the next page begins.
    pub next: Option<String>,
    /// What rows and columns are.
    pub of: PhantomData<(R, S)>,
}

impl<R, S: Serialize> Table<R, S> {
    /// All of it with its values in columns.
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

/// The cursor of the next page, on its way into the `Link` header.
#[derive(Debug, Clone)]
pub struct NextPage(pub String);

impl<T> List<T> {
    /// A page of a list; `cursor` makes the next page's cursor of the last row.
    pub fn new(listed: Listed<T>, cursor: impl FnOnce(&T) -> String) -> Self {
        let next = listed.items.last().filter(|_| listed.more).map(cursor);
        Self {
            items: listed.items,
            next,
        }
    }
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    Response::builder().status(status).content_type(JSON).body(body)
}

fn bytes(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

/// One thing with its ETag, which also changes with what is derived when the thing is read, such as a job's health.
fn tagged(status: StatusCode, thing: &impl Thing) -> Response {
    let body = bytes(thing);
    let state = thing.state().map(bytes);
    let digest = Sha256::digest(state.as_ref().unwrap_or(&body));
    let tag = state_tag(thing.id(), thing.revision(), first_64_bits(&digest));
    let mut response = json(status, body);
    let tag = format!("\"{tag}\"");
    set(&mut response, header::ETAG, &tag);
    if state.is_some() {
        // What is shown once is kept by nobody in between.
        set(&mut response, header::CACHE_CONTROL, "no-store");
    }
    response
}

fn located<T: Thing>(mut response: Response, thing: &T) -> Response {
    let location = format!("{}/{}", T::PATH, thing.id());
    set(&mut response, header::LOCATION, &location);
    response
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}

impl<T: Thing> IntoResponse for Found<T> {
    fn into_response(self) -> Response {
        tagged(StatusCode::OK, &self.0)
    }
}

impl<T: Thing + Send> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        located(tagged(StatusCode::CREATED, &self.0), &self.0)
    }
}

impl<T: Serialize + Send> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        let mut response = json(StatusCode::OK, bytes(&self.items));
        if let Some(next) = self.next {
            response.set_data(NextPage(next));
        }
        response
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

impl IntoResponse for Issued {
    fn into_response(self) -> Response {
        let mut response = json(StatusCode::CREATED, bytes(&self.0));
        set(&mut response, header::CACHE_CONTROL, "no-store");
        response
    }
}

impl IntoResponse for Deleted {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl IntoResponse for SetUp {
    fn into_response(self) -> Response {
        if self.created {
            return Created(self.answer).into_response();
        }
        tagged(StatusCode::OK, &self.answer)
    }
}

impl<T: Serialize + Send> IntoResponse for Plain<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, bytes(&self.0))
    }
}

impl<T: Serialize + Send> IntoResponse for Part<T> {
    fn into_response(self) -> Response {
        let mut response = Plain(self.answer).into_response();
        if let Some(next) = self.next {
            response.set_data(NextPage(next));
        }
        response
    }
}

fn header(&(name, description): &(&str, &str)) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: name != "Link",
        deprecated: false,
        schema: String::schema_ref(),
    }
}

fn meta(
    status: u16,
    description: &'static str,
    schema: Option<MetaSchemaRef>,
    headers: &[(&str, &str)],
) -> MetaResponse {
    MetaResponse {
        description,
        status: Some(status),
        status_range: None,
        content: schema
            .map(|schema| MetaMediaType {
                content_type: JSON,
                schema,
            })
            .into_iter()
            .collect(),
        headers: headers.iter().map(header).collect(),
    }
}

const ETAG: (&str, &str) = ("ETag", "The state of the resource, for If-Match and If-None-Match.");
const LOCATION: (&str, &str) = ("Location", "The address of the new resource.");
const LINK: (&str, &str) = (
    "Link",
    "Leads to the next page with rel=\"next\" (RFC 8288); absent on the last.",
);

macro_rules! api_response {
    ([$($generics:tt)*] $type:ty, $schema:ty, |$schema_ref:ident| $responses:expr) => {
        impl<$($generics)*> ApiResponse for $type {
            fn meta() -> MetaResponses {
                let $schema_ref = <$schema>::schema_ref;
                MetaResponses { responses: $responses }
            }

            fn register(registry: &mut Registry) {
                <$schema>::register(registry);
            }
        }
    };
}

api_response!([T: Thing] Found<T>, T, |schema| vec![
    meta(200, "The resource in its current state.", Some(schema()), &[ETAG]),
]);
api_response!([T: Thing] Created<T>, T, |schema| vec![
    meta(201, "Created.", Some(schema()), &[ETAG, LOCATION]),
]);
api_response!([] Issued, IssuedToken, |schema| vec![
    meta(201, "Created.", Some(schema()), &[]),
]);
api_response!([T: Serialize + Type] List<T>, Vec<T>, |schema| vec![
    meta(200, "One page of the list, in a stable order.", Some(schema()), &[LINK]),
]);
api_response!([] SetUp, JobSetupAnswer, |schema| vec![
    meta(200, "The same job existed already, or this is a dry run.", Some(schema()), &[ETAG]),
    meta(201, "The job was created.", Some(schema()), &[ETAG, LOCATION]),
]);
api_response!([T: Serialize + Type] Plain<T>, T, |schema| vec![
    meta(200, "The result.", Some(schema()), &[]),
]);
api_response!([T: Serialize + Type] Part<T>, T, |schema| vec![
    meta(200, "The resource, with a page of its list.", Some(schema()), &[LINK]),
]);

impl ApiResponse for Deleted {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![meta(204, "Deleted.", None, &[])],
        }
    }

    fn register(_: &mut Registry) {}
}
