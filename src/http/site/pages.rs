//! Pages that are embedded in the executable: the dashboard, the guides, and their files.

use poem::{
    EndpointExt, Request, Response,
    endpoint::make_sync,
    handler,
    http::{HeaderMap, StatusCode, header},
    web::Path,
};

use super::{
    file::{nothing, of, page},
    files::{bundle_file, client_file, dashboard, icon, vendor_file},
    guide::{self, Guides},
    search::search_index,
    sign_in, swagger,
    weather::weather_file,
};
use crate::http::{base::Base, context::Context, document::Document, labels::Pages, problem::Problem};

const STYLE: &str = include_str!("../../../assets/style.css");
const GUIDE_STYLE: &str = include_str!("../../../assets/guide.css");
const CONTENTS: &str = include_str!("../../../assets/contents.js");
const COPY: &str = include_str!("../../../assets/copy.js");
const SEARCH: &str = include_str!("../../../assets/search.js");

/// Prism, which colours code: its core and the languages of the guides, of which some need those before them.
const PRISM: &str = concat!(
    include_str!("../../../assets/vendor/prism/prism-core.min.js"),
    include_str!("../../../assets/vendor/prism/prism-clike.min.js"),
    include_str!("../../../assets/vendor/prism/prism-bash.min.js"),
    include_str!("../../../assets/vendor/prism/prism-javascript.min.js"),
    include_str!("../../../assets/vendor/prism/prism-json.min.js"),
    include_str!("../../../assets/vendor/prism/prism-python.min.js"),
    include_str!("../../../assets/vendor/prism/prism-r.min.js"),
    include_str!("../../../assets/vendor/prism/prism-toml.min.js"),
);

const NO_GUIDE: &str = "page not found in the guides: see /docs";

/// Content security policy of a guide: the page loads files of this server only, and its scripts may not send requests.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const TEXT: &str = "text/plain; charset=utf-8";

/// Extensions and media types of files that are not pages: pictures, and files to copy.
const FILES: [(&str, &str); 7] = [
    (".svg", "image/svg+xml"),
    (".webp", "image/webp"),
    (".json", "application/json"),
    (".py", TEXT),
    (".service", TEXT),
    (".txt", TEXT),
    (".yaml", TEXT),
];

/// Usual paths of health checks in other programs, which this server does not have.
const PROBES: [&str; 6] = ["/health", "/healthz", "/live", "/ready", "/ping", "/status"];

/// Adds the routes of the dashboard, the guides, Swagger UI and the API's document to `pages`.
pub fn add(mut pages: Pages, document: &Document) -> Pages {
    pages = add_probes(pages);
    swagger::add(pages, document)
        .at("/", poem::get(dashboard))
        .at("/sign-in", poem::post(sign_in::exchange))
        .at("/docs", poem::get(docs))
        .at("/docs/weather_nyc_2013.csv", poem::get(weather_file))
        .at("/docs/search-index.js", poem::get(search_index))
        .at("/docs/*page", poem::get(guide_or_file))
        .at("/assets/style.css", poem::get(style))
        .at("/assets/guide.css", poem::get(guide_style))
        .at("/assets/contents.js", poem::get(contents))
        .at("/assets/copy.js", poem::get(copy))
        .at("/assets/search.js", poem::get(search))
        .at("/assets/prism.js", poem::get(prism))
        .at("/assets/dashboard/icon.svg", poem::get(icon))
        .at("/assets/dashboard/bundle/*path", poem::get(bundle_file))
        .at("/assets/vendor/*path", poem::get(vendor_file))
        .at("/clients/*path", poem::get(client_file))
        .at("/swagger/", poem::get(without_slash))
        .at("/openapi.json", poem::get(moved_document))
        .at("/openapi.yaml", poem::get(moved_document))
        .at("/favicon.ico", poem::get(icon))
}

/// Adds routes for the usual health check paths of other programs, with and without a final slash. They return 404 with
/// the paths of this server.
pub fn add_probes(mut pages: Pages) -> Pages {
    for name in PROBES {
        for path in [name.to_owned(), format!("{name}/")] {
            pages = pages.at(&path, make_sync(no_probe).map_to_response());
        }
    }
    pages
}

/// Returns a problem (404) that names this server's health check paths.
fn no_probe(_: Request) -> Response {
    nothing(
        "there is nothing at this path: the health checks are /livez and /readyz, and the health of jobs is at /api/v1/health",
    )
}

#[handler]
fn docs(request: &Request) -> Response {
    guide_page("index", request)
}

/// Redirects from a path that ends with a slash to the same path without it.
#[handler]
fn without_slash(request: &Request) -> Response {
    moved(request.uri().path().trim_end_matches('/'))
}

/// Redirects from the usual paths of OpenAPI documents to the API's document.
#[handler]
fn moved_document(request: &Request) -> Response {
    moved(&format!("/api/v1{}", request.uri().path()))
}

fn moved(to: &str) -> Response {
    Response::builder()
        .status(StatusCode::PERMANENT_REDIRECT)
        .header(header::LOCATION, to)
        .header(header::CACHE_CONTROL, "no-cache")
        .finish()
}

#[handler]
fn guide_or_file(request: &Request, Path(path): Path<String>) -> Response {
    let (whole, name) = (request.uri().path(), path.trim_end_matches('/'));
    if whole.ends_with('/') && (name.is_empty() || guide::has_guide(name)) {
        return moved(whole.trim_end_matches('/'));
    }
    for (end, content_type) in FILES {
        if path.ends_with(end) {
            return Guides::get(&path).map_or_else(
                || nothing(NO_GUIDE),
                |file| of(content_type, file.data.into_owned().into()),
            );
        }
    }
    guide_page(&path, request)
}

fn guide_page(name: &str, request: &Request) -> Response {
    let demo = Context::of(request).ok().and_then(|context| context.demo.as_deref());
    let Some(html) = guide::page(name, demo) else {
        return nothing(NO_GUIDE);
    };
    let html = match request.data::<Base>() {
        Some(base) => base.rebase(&html).replace(guide::ADDRESS, &base.address()),
        None => html,
    };
    page(html.into(), POLICY)
}

/// Returns whether `Accept` contains HTML, as in requests of browsers.
pub fn takes_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let mut ranges = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    ranges.any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts.next() == Some("text/html");
        is_html && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// Returns whether a person may expect a page at the path, which is the case outside `/api`.
pub fn may_be_page(path: &str) -> bool {
    let is_api = path.strip_prefix("/api");
    !is_api.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the HTML page with status 404 for a path that does not exist.
pub fn not_found(problem: &Problem, base: &Base) -> Response {
    let html = base.rebase(&guide::not_found(problem.detail()));
    let mut response = page(html.into(), POLICY);
    response.set_status(StatusCode::NOT_FOUND);
    let headers = response.headers_mut();
    headers.remove(header::ETAG);
    headers.append(header::VARY, header::HeaderValue::from_static("Accept"));
    response
}

#[handler]
fn style() -> Response {
    of(CSS, STYLE.into())
}

#[handler]
fn guide_style() -> Response {
    of(CSS, GUIDE_STYLE.into())
}

#[handler]
fn contents() -> Response {
    of(SCRIPT, CONTENTS.into())
}

#[handler]
fn copy() -> Response {
    of(SCRIPT, COPY.into())
}

#[handler]
fn search() -> Response {
    of(SCRIPT, SEARCH.into())
}

#[handler]
fn prism() -> Response {
    of(SCRIPT, PRISM.into())
}
