//! What every request and answer has in common: the request's id, one line in the log, limits of time, parameters held
//! against the document, problems, conditional answers, links to next pages, compression, HEAD.

mod refused;
mod validate;

use std::{sync::Arc, time::Duration};

use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};
use uuid::Uuid;

use super::{
    base::Base,
    context::{Context, SeenCaller},
    form::{cursor, reply::NextPage},
    guard::{
        browser,
        compression::{self, Coding},
        condition,
        pace::{Progress, paced},
        share::Held,
    },
    metrics::Meters,
    options::Demo,
    problem::{Problem, UNAVAILABLE},
    site::pages,
};
use crate::{domain::Error, service::on_behalf};

/// The header of a request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a client.
const MAX_REQUEST_ID: usize = 128;

/// What takes as long as the database is large: a copy of it. Only one is made at a time.
const BACKUP: &str = "/api/v1/admin/backup";

/// How long that may take.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Answers a request by `endpoint`, in the form that all answers have.
pub async fn answer(
    endpoint: Arc<impl Endpoint<Output = Response> + 'static>,
    context: Context,
    mut request: Request,
) -> Response {
    let progress = Progress::begin();
    let id = request_id(&request);
    let seen = SeenCaller::default();
    let base = Base::of(&request, &context.proxies, context.is_encrypted);
    base.strip(&mut request);
    request.set_data(base.clone());
    request.set_data(seen.clone());
    request.set_data(context.clone());
    let method = request.method().clone();
    if method == Method::HEAD {
        request.set_method(Method::GET);
    }
    if let Some(demo) = &context.demo {
        let_visit(demo, &mut request);
    }
    let body = request.take_body();
    let goes_on = !body.is_empty() && goes_on(&request);
    if !body.is_empty() {
        request.set_data(Held::default());
        request.set_body(paced(body, context.limits.body, progress.clone()));
    }
    validate::normalise_query(&mut request);
    let uri = request.uri().clone();
    let known = context.document.operations().at(uri.path());
    let route = known
        .first()
        .map_or_else(|| route_of_page(uri.path()), |known| &known.path);
    let coding = Coding::asked(request.headers());
    let origin = request.headers().get(header::ORIGIN).cloned();
    let is_browser = pages::takes_html(request.headers());
    let unreadable = validate::join_conditions(&mut request);
    let if_none_match = request.header(header::IF_NONE_MATCH).map(str::to_owned);
    let mut response = match context.origins.preflight(&request) {
        Some(allowed) => allowed,
        None => match validate::may_ask(&request, route).and_then(|()| validate::check(known, &request, unreadable)) {
            Ok(()) => {
                let work = async {
                    if goes_on {
                        return call_apart(endpoint, request, id.clone(), route.to_owned()).await;
                    }
                    on_behalf(&id, route, endpoint.call(request)).await
                };
                let limit = match route {
                    BACKUP => A_DAY,
                    _ => context.limits.request,
                };
                match progress.within(limit, work).await {
                    Some(Ok(response)) => response,
                    Some(Err(error)) => refused::answer_of(error, &context, uri.path(), &method),
                    None => took_too_long(&context).into_response(),
                }
            }
            Err(problem) => problem.into_response(),
        },
    };
    let is_get = matches!(method, Method::GET | Method::HEAD);
    if let Some(problem) = response.data::<Problem>() {
        let is_page = is_get && is_browser && pages::may_be_page(uri.path());
        response = if is_page && problem.is_not_found() {
            pages::not_found(problem, &base)
        } else {
            problem.clone().render(&id, &base)
        };
    }
    if let Some(NextPage(position)) = response.data::<NextPage>() {
        let cursor = cursor::seal(position, &uri, seen.organisation_id());
        let link = next_link(&base, &uri, &cursor);
        set(&mut response, header::LINK, &link);
    }
    base.relocate(&mut response);
    let mut coding = compression::choose(coding, &mut response);
    if is_get && response.is_ok() && condition::is_known(if_none_match.as_deref(), response.headers()) {
        response.set_status(StatusCode::NOT_MODIFIED);
        response.set_body(());
        response.headers_mut().remove(header::CONTENT_TYPE);
        coding = None;
    }
    if let Some(coding) = coding {
        compression::compress(&mut response, coding).await;
    }
    set(&mut response, REQUEST_ID, &id);
    let is_private = browser::is_private(uri.path());
    browser::secure(&mut response, context.is_encrypted, is_private);
    context.origins.let_read(origin.as_ref(), response.headers_mut());
    join_vary(response.headers_mut());
    if let Some(turn) = seen.turn() {
        // It is under way until the client has taken the answer.
        response.set_data(turn);
    }
    let seen = seen.seen();
    if let (Some(rate), Some(left)) = (&context.rate, seen.and_then(|seen| seen.left)) {
        response.headers_mut().extend(rate.headers(left));
    }
    let (status, took) = (response.status().as_u16(), progress.elapsed());
    let counted = match method_name(&method) {
        "HEAD" => "GET",
        name => name,
    };
    match known.iter().find(|known| known.method == counted) {
        Some(operation) => operation.meters.count(counted, route, status, took),
        None => Meters::default().count(counted, route, status, took),
    }
    tracing::info!(
        request_id = id,
        method = method_name(&method),
        route,
        status,
        milliseconds = took.as_secs_f64() * 1e3,
        token = seen.map(|seen| seen.name.as_str()),
        organisation = seen.and_then(|seen| seen.organisation_id).map(tracing::field::display),
        "request"
    );
    response
}

/// The longest body whose request ends when the client goes away.
const SMALL_BODY: u64 = 16 * 1024;

/// Whether a request goes on when its client goes away or its time is over. With more than a small body it does: what was
/// read of it may wait for the writer, and must count for as long as it takes memory.
fn goes_on(request: &Request) -> bool {
    let length = request.header(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.parse::<u64>().ok());
    length.is_none_or(|length| length > SMALL_BODY)
}

/// Calls the endpoint on a task of its own.
async fn call_apart(
    endpoint: Arc<impl Endpoint<Output = Response> + 'static>,
    request: Request,
    id: String,
    route: String,
) -> poem::Result<Response> {
    let called = tokio::spawn(async move { on_behalf(&id, &route, endpoint.call(request)).await });
    called.await.unwrap_or_else(|error| {
        let lost = Error::Internal(format!("a request was not finished: {error}"));
        Err(Problem::from(lost).into())
    })
}

/// Gives a request that only reads, and comes without a token, the visitor's.
fn let_visit(demo: &Demo, request: &mut Request) {
    let is_bare = !request.headers().contains_key(header::AUTHORIZATION);
    if is_bare
        && *request.method() == Method::GET
        && let Ok(visitor) = HeaderValue::from_str(&format!("Bearer {}", demo.visitor))
    {
        request.headers_mut().insert(header::AUTHORIZATION, visitor);
    }
}

fn took_too_long(context: &Context) -> Problem {
    let seconds = context.limits.request.as_secs();
    let detail = format!(
        "the answer took longer than {seconds} seconds and was given up; what was to be written may still be kept, and \
         can be sent again"
    );
    Problem::new(UNAVAILABLE, detail).with_header(header::RETRY_AFTER, HeaderValue::from_static("10"))
}

/// The route of a page, for the log and the metrics: few, whatever is asked for.
fn route_of_page(path: &str) -> &'static str {
    match path {
        "/" => "/",
        "/metrics" => "/metrics",
        "/swagger" => "/swagger",
        "/api/v1/openapi.json" | "/openapi.json" => "/api/v1/openapi.json",
        "/api/v1/openapi.yaml" | "/openapi.yaml" => "/api/v1/openapi.yaml",
        "/favicon.ico" => "/assets/{file}",
        "/swagger/" => "/swagger",
        _ if path.starts_with("/docs") => "/docs/{page}",
        _ if path.starts_with("/assets/") => "/assets/{file}",
        _ => "none",
    }
}

/// A method that this server knows, or that it is none: a client may think up as many as it likes.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The client's id of the request if it is usable, else a new one.
fn request_id(request: &Request) -> String {
    let given = request
        .header(REQUEST_ID)
        .filter(|id| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()));
    given.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

/// Makes one line of `Vary`, to which several parts of the server add, since some caches read only the first.
fn join_vary(headers: &mut HeaderMap) {
    let lines = headers.get_all(header::VARY).iter();
    let lines: Vec<_> = lines.filter_map(|line| line.to_str().ok()).collect();
    if lines.len() > 1
        && let Ok(joined) = HeaderValue::from_str(&lines.join(", "))
    {
        headers.insert(header::VARY, joined);
    }
}

/// The same request with the next page's cursor.
fn next_link(base: &Base, uri: &poem::http::Uri, cursor: &str) -> String {
    let mut query: Vec<_> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|part| !part.is_empty() && !part.starts_with("cursor="))
        .map(str::to_owned)
        .collect();
    query.push(format!("cursor={cursor}"));
    let path = base.at(uri.path());
    format!("<{path}?{}>; rel=\"next\"", query.join("&"))
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
