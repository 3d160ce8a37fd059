//! Pages that come out of the binary: the dashboard, the guides, Swagger UI, the API's document, and their files.

use base64::{Engine, engine::general_purpose::STANDARD};
use poem::{
    EndpointExt, IntoResponse, Request, Response, Route, handler,
    http::{StatusCode, header},
    web::{Data, Path},
};
use poem_openapi::OpenApiService;
use sha2::{Digest, Sha256};

use super::{
    Context,
    compression::Kept,
    document::Document,
    files::{dashboard, dashboard_file, vendor_file},
    guide::{self, Guides},
    problem::{INTERNAL, NOT_FOUND, Problem},
};
use crate::example::weather;

const STYLE: &str = include_str!("../../assets/style.css");
const SCRIPT: &str = include_str!("../../assets/copy.js");

const NO_GUIDE: &str = "there is no such page in the guides: see /docs";

/// What a browser may do on a guide: nothing but show it, with what comes from this server.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the framework's Swagger UI does not set: the document comes from its own address, the token is kept across
/// reloads, and calls can be tried out at once.
const SWAGGER_SETTINGS: &str = "url: '/api/v1/openapi.json', persistAuthorization: true, \
    tryItOutEnabled: true, displayRequestDuration: true, validatorUrl: null,";

/// What of the guides is no page: pictures, and the unit of systemd.
const FILES: [(&str, &str); 2] = [
    (".svg", "image/svg+xml"),
    (".service", "text/plain; charset=utf-8"),
];

/// The pages, made once: shared by all requests.
#[derive(Clone)]
struct Made {
    swagger: Fixed,
    swagger_policy: String,
    json: Fixed,
    yaml: Fixed,
}

/// A page that is always the same, and large: it is compressed once.
#[derive(Clone)]
struct Fixed {
    body: bytes::Bytes,
    kept: Kept,
}

impl Fixed {
    fn new(body: String) -> Self {
        Self {
            body: body.into(),
            kept: Kept::default(),
        }
    }

    fn answer(&self, content_type: &str) -> Response {
        let mut response = of(content_type, self.body.clone());
        response.set_data(self.kept.clone());
        response
    }
}

/// Adds the pages to the routes.
pub fn add(routes: Route, document: &Document) -> Route {
    let swagger = swagger();
    let made = Made {
        swagger_policy: swagger_policy(&swagger),
        swagger: Fixed::new(swagger),
        json: Fixed::new(document.to_json()),
        yaml: Fixed::new(document.to_yaml()),
    };
    routes
        .at("/", poem::get(dashboard))
        .at("/docs", poem::get(docs))
        .at("/docs/", poem::get(docs))
        .at("/docs/weather_nyc_2013.csv", poem::get(weather_file))
        .at("/docs/*page", poem::get(guide_or_file))
        .at("/assets/style.css", poem::get(style))
        .at("/assets/copy.js", poem::get(script))
        .at("/assets/dashboard/*path", poem::get(dashboard_file))
        .at("/assets/vendor/*path", poem::get(vendor_file))
        .at("/swagger", poem::get(swagger_page).data(made.clone()))
        .at(
            "/api/v1/openapi.json",
            poem::get(json_page).data(made.clone()),
        )
        .at("/api/v1/openapi.yaml", poem::get(yaml_page).data(made))
}

fn swagger() -> String {
    OpenApiService::new((), "Prediction API", "")
        .swagger_ui_html()
        .replace("spec: spec,", SWAGGER_SETTINGS)
        .replace(
            "<title>Swagger UI</title>",
            "<title>Prediction API</title><link rel=\"icon\" href=\"data:,\">",
        )
}

/// Lets Swagger UI run the scripts that stand in its page, each by its hash, and call this server only. It sets styles
/// as it goes, so that these cannot be named.
fn swagger_policy(page: &str) -> String {
    let (mut hashes, mut rest) = (String::new(), page);
    // A script ends at the first end tag, whatever stands within it.
    while let Some((code, after)) = rest
        .split_once("<script")
        .and_then(|(_, tag)| tag.split_once('>'))
        .and_then(|(_, code)| code.split_once("</script>"))
    {
        hashes += &format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(code)));
        rest = after;
    }
    format!(
        "default-src 'none'; script-src{hashes}; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

#[handler]
fn docs(request: &Request) -> Response {
    guide_page("index", request)
}

#[handler]
fn guide_or_file(request: &Request, Path(path): Path<String>) -> Response {
    for (end, content_type) in FILES {
        if path.ends_with(end) {
            return Guides::get(&path).map_or_else(
                || nothing(NO_GUIDE),
                |file| of(content_type, file.data.into_owned().into()),
            );
        }
    }
    guide_page(path.trim_end_matches('/'), request)
}

fn guide_page(name: &str, request: &Request) -> Response {
    let is_demo = Context::of(request).is_ok_and(|context| context.demo.is_some());
    guide::page(name, is_demo).map_or_else(|| nothing(NO_GUIDE), |html| page(html.into(), POLICY))
}

/// The weather of the demo, from which the guide about workers posts readings.
#[handler]
fn weather_file() -> Response {
    match weather::csv() {
        Ok(text) => of("text/csv; charset=utf-8", text.into()),
        Err(error) => {
            tracing::error!(%error, "the weather cannot be answered");
            Problem::new(INTERNAL, "the weather cannot be read: see the log").into_response()
        }
    }
}

#[handler]
fn style() -> Response {
    of("text/css; charset=utf-8", STYLE.into())
}

#[handler]
fn script() -> Response {
    of("text/javascript; charset=utf-8", SCRIPT.into())
}

#[handler]
fn swagger_page(Data(made): Data<&Made>) -> Response {
    made.swagger
        .answer("text/html; charset=utf-8")
        .with_header(header::CONTENT_SECURITY_POLICY, &made.swagger_policy)
        .into_response()
}

#[handler]
fn json_page(Data(made): Data<&Made>) -> Response {
    made.json.answer("application/json")
}

#[handler]
fn yaml_page(Data(made): Data<&Made>) -> Response {
    made.yaml.answer("application/yaml")
}

/// There is no such file.
pub(super) fn nothing(detail: &str) -> Response {
    Problem::new(NOT_FOUND, detail).into_response()
}

/// A page, and what a browser may do on it.
pub(super) fn page(html: bytes::Bytes, policy: &str) -> Response {
    of("text/html; charset=utf-8", html)
        .with_header(header::CONTENT_SECURITY_POLICY, policy)
        .into_response()
}

/// A file, with a digest of it as its ETag: browsers keep it, and ask each time whether it is still the same.
pub(super) fn of(content_type: &str, body: bytes::Bytes) -> Response {
    let digest = Sha256::digest(&body);
    let short = digest
        .first_chunk()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes));
    Response::builder()
        .status(StatusCode::OK)
        .content_type(content_type)
        .header(header::ETAG, format!("\"{short:016x}\""))
        .header(header::CACHE_CONTROL, "no-cache")
        .body(body)
}
