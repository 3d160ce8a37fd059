//! Files of the dashboard and of the libraries that it uses, embedded in the executable.

use poem::{Request, Response, handler, web::Path};
use rust_embed::Embed;

use super::file::{nothing, of, page};
use crate::http::{base::Base, context::Context};

/// Page of the dashboard.
const PAGE: &str = include_str!("../../../assets/dashboard/index.html");

const ICON: &str = include_str!("../../../assets/dashboard/icon.svg");

/// Scripts and styles of the dashboard, which `.ci/bundle` puts into one file each.
#[derive(Embed)]
#[folder = "assets/bundle"]
struct Bundle;

/// Third-party libraries, with their licences.
#[derive(Embed)]
#[folder = "assets/vendor"]
struct Vendor;

/// The client of Python, built from `clients/python`, and the module of JavaScript.
#[derive(Embed)]
#[folder = "assets/clients"]
struct Clients;

/// Content security policy of the dashboard: it runs its own scripts, and calls this server only.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const NONE: &str = "file not found: the dashboard is at /, the guides are at /docs";

/// Attribute in the dashboard's page by which its scripts recognise that the API has webhooks.
const WEBHOOKS: &str = " data-webhooks";

/// Start of the dashboard's page to which a demo adds the last day of its season.
const BODY: &str = "<body class=\"dashboard\"";

/// Returns the dashboard's page.
#[handler]
pub fn dashboard(request: &Request) -> Response {
    let mut html = PAGE.to_owned();
    if !has_webhooks(request) {
        html = html.replace(WEBHOOKS, "");
    }
    if let Some(demo) = Context::of(request).ok().and_then(|context| context.demo.as_ref()) {
        html = html.replace(BODY, &format!("{BODY} data-demo=\"{}\"", demo.last_day));
    }
    if let Some(base) = request.data::<Base>() {
        html = base.rebase(&html);
    }
    page(html.into(), POLICY)
}

/// Returns whether the API has operations for webhooks, which depends on the build.
fn has_webhooks(request: &Request) -> bool {
    let operations = |context: &Context| !context.document.operations().at("/api/v1/webhooks").is_empty();
    Context::of(request).is_ok_and(operations)
}

/// Returns the icon, which browsers request at this path by convention.
#[handler]
pub fn icon() -> Response {
    of("image/svg+xml", ICON.into())
}

/// Returns a script or the styles of the dashboard.
#[handler]
pub fn bundle_file(Path(path): Path<String>) -> Response {
    file::<Bundle>(&path)
}

/// Returns a file of a third-party library.
#[handler]
pub fn vendor_file(Path(path): Path<String>) -> Response {
    file::<Vendor>(&path)
}

/// Returns the file of a client.
#[handler]
pub fn client_file(Path(path): Path<String>) -> Response {
    file::<Clients>(&path)
}

fn file<F: Embed>(path: &str) -> Response {
    let content_type = match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        // A wheel of Python is an archive in the format of zip.
        Some("whl") => "application/zip",
        _ => "text/plain; charset=utf-8",
    };
    F::get(path).map_or_else(
        || nothing(NONE),
        |found| of(content_type, found.data.into_owned().into()),
    )
}
