//! Completes responses: renders problems, and adds links to next pages, compression, status 304 and security headers.

use poem::{
    Response,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
};

use super::received::{REQUEST_ID, Received};
use crate::http::{
    base::Base,
    context::Context,
    form::{cursor, list::NextPage},
    guard::{browser, compression, condition},
    problem::Problem,
    site::pages,
};

/// Completes the response to a request: renders a problem, adds the headers, and compresses the body or replaces it
/// with 304.
pub async fn respond(mut response: Response, received: &Received<'_>, context: &Context) -> Response {
    if let Some(problem) = response.data::<Problem>() {
        response = render(problem, received);
    }
    if let Some(NextPage(position)) = response.data::<NextPage>() {
        let cursor = cursor::seal(position, &received.uri, received.seen.organisation_id());
        let link = next_link(&received.base, &received.uri, &cursor);
        set(&mut response, header::LINK, &link);
    }
    received.base.relocate(&mut response);
    let mut coding = compression::choose(received.coding, &mut response);
    let known = received.if_none_match.as_deref();
    if received.is_get() && response.is_ok() && condition::is_known(known, response.headers()) {
        response.set_status(StatusCode::NOT_MODIFIED);
        response.set_body(());
        response.headers_mut().remove(header::CONTENT_TYPE);
        coding = None;
    }
    if let Some(coding) = coding {
        compression::compress(&mut response, coding).await;
    }
    set(&mut response, REQUEST_ID, &received.id);
    let is_private = browser::is_private(received.uri.path(), received.is_page);
    browser::secure(&mut response, context.is_encrypted, is_private);
    context
        .origins
        .let_read(received.origin.as_ref(), response.headers_mut());
    join_vary(response.headers_mut());
    response
}

/// Returns a problem as a JSON document. If a browser requested an unknown path outside the API, returns an HTML page
/// instead.
fn render(problem: &Problem, received: &Received<'_>) -> Response {
    let is_page = received.is_get() && received.is_browser && pages::may_be_page(received.uri.path());
    if is_page && problem.is_not_found() {
        pages::not_found(problem, &received.base)
    } else {
        problem.clone().render(&received.id, &received.base)
    }
}

/// Returns the value of the `Link` header: the path and query of the request with the cursor of the next page.
fn next_link(base: &Base, uri: &Uri, cursor: &str) -> String {
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

/// Joins the lines of `Vary` into one, because some caches read only the first line. Several parts of the server add
/// lines.
fn join_vary(headers: &mut HeaderMap) {
    let lines = headers.get_all(header::VARY).iter();
    let lines: Vec<_> = lines.filter_map(|line| line.to_str().ok()).collect();
    if lines.len() > 1
        && let Ok(joined) = HeaderValue::from_str(&lines.join(", "))
    {
        headers.insert(header::VARY, joined);
    }
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
