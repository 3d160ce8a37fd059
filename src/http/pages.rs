//! Pages that come out of the binary: the front page, the guides, Swagger UI, the API's document, and their files.

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
    guide::{self, Guides},
    problem::{INTERNAL, NOT_FOUND, Problem},
};
use crate::example::weather;

const STYLE: &str = include_str!("../../assets/style.css");
const SCRIPT: &str = include_str!("../../assets/copy.js");

/// What a browser may do on a page of ours: nothing but show it, with what comes from this server.
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
        .at("/", poem::get(front))
        .at("/docs", poem::get(docs))
        .at("/docs/", poem::get(docs))
        .at("/docs/weather_nyc_2013.csv", poem::get(weather_file))
        .at("/docs/*page", poem::get(guide_or_file))
        .at("/assets/style.css", poem::get(style))
        .at("/assets/copy.js", poem::get(script))
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
fn front(request: &Request) -> Response {
    let is_demo = Context::of(request).is_ok_and(|context| context.demo.is_some());
    page(guide::front(is_demo))
}

#[handler]
fn docs() -> Response {
    guide::page("index").map_or_else(nothing, page)
}

#[handler]
fn guide_or_file(Path(path): Path<String>) -> Response {
    for (end, content_type) in FILES {
        if path.ends_with(end) {
            let file = Guides::get(&path);
            return file.map_or_else(nothing, |file| {
                of(content_type, file.data.into_owned().into())
            });
        }
    }
    guide::page(path.trim_end_matches('/')).map_or_else(nothing, page)
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

fn nothing() -> Response {
    Problem::new(NOT_FOUND, "there is no such page in the guides: see /docs").into_response()
}

fn page(html: String) -> Response {
    of("text/html; charset=utf-8", html.into())
        .with_header(header::CONTENT_SECURITY_POLICY, POLICY)
        .into_response()
}

fn of(content_type: &str, body: bytes::Bytes) -> Response {
    Response::builder()
        .status(StatusCode::OK)
        .content_type(content_type)
        .header(header::CACHE_CONTROL, "no-cache")
        .body(body)
}
