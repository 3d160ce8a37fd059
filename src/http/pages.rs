//! Pages that come out of the binary: the guides, Swagger UI and the API's document.

use poem::{
    EndpointExt, IntoResponse, Response, Route, handler,
    http::StatusCode,
    web::{Data, Path},
};
use poem_openapi::OpenApiService;
use pulldown_cmark::{Options, Parser, html::push_html};
use rust_embed::Embed;

use super::{
    document::Document,
    problem::{NOT_FOUND, Problem},
};

/// The guides' sources.
#[derive(Embed)]
#[folder = "assets/docs"]
pub struct Guides;

/// The page that the guides stand in.
const FRAME: &str = include_str!("../../assets/page.html");

/// The guides' style sheet.
const STYLE: &str = include_str!("../../assets/style.css");

/// What the framework's Swagger UI does not set: the document comes from its own address, the token is kept across
/// reloads, and calls can be tried out at once.
const SWAGGER_SETTINGS: &str = "url: '/api/v1/openapi.json', persistAuthorization: true, \
    tryItOutEnabled: true, displayRequestDuration: true, validatorUrl: null,";

/// The pages, made once: shared by all requests.
#[derive(Clone)]
struct Made {
    swagger: bytes::Bytes,
    json: bytes::Bytes,
    yaml: bytes::Bytes,
}

/// Adds the pages to the routes.
pub fn add(routes: Route, document: &Document) -> Route {
    let made = Made {
        swagger: swagger().into(),
        json: document.to_json().into(),
        yaml: document.to_yaml().into(),
    };
    routes
        .at("/", poem::get(front))
        .at("/docs", poem::get(front))
        .at("/docs/", poem::get(front))
        .at("/docs/*page", poem::get(guide))
        .at("/assets/style.css", poem::get(style))
        .at("/swagger", poem::get(swagger_page).data(made.clone()))
        .at(
            "/api/v1/openapi.json",
            poem::get(json_page).data(made.clone()),
        )
        .at("/api/v1/openapi.yaml", poem::get(yaml_page).data(made))
}

/// Whether the guides have that page.
pub fn has_guide(page: &str) -> bool {
    Guides::get(&format!("{page}.md")).is_some()
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

#[handler]
fn front() -> Response {
    render("index")
}

#[handler]
fn guide(Path(page): Path<String>) -> Response {
    render(page.trim_end_matches('/'))
}

#[handler]
fn style() -> Response {
    of("text/css; charset=utf-8", STYLE.into())
}

#[handler]
fn swagger_page(Data(made): Data<&Made>) -> Response {
    of("text/html; charset=utf-8", made.swagger.clone())
}

#[handler]
fn json_page(Data(made): Data<&Made>) -> Response {
    of("application/json", made.json.clone())
}

#[handler]
fn yaml_page(Data(made): Data<&Made>) -> Response {
    of("application/yaml", made.yaml.clone())
}

fn of(content_type: &str, body: bytes::Bytes) -> Response {
    Response::builder()
        .status(StatusCode::OK)
        .content_type(content_type)
        .header("Cache-Control", "no-cache")
        .body(body)
}

fn render(page: &str) -> Response {
    let Some(source) = Guides::get(&format!("{page}.md")) else {
        return Problem::new(NOT_FOUND, "there is no such page in the guides: see /docs")
            .into_response();
    };
    let text = String::from_utf8_lossy(&source.data);
    let title = text
        .lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("# ");
    let mut body = String::new();
    push_html(&mut body, Parser::new_ext(&text, Options::ENABLE_TABLES));
    // What scrolls within itself is to be reached by the keyboard.
    let body = body
        .replace("<pre>", "<pre tabindex=\"0\">")
        .replace("<table>", "<table tabindex=\"0\">");
    let html = FRAME.replace("{title}", title).replace("{body}", &body);
    of("text/html; charset=utf-8", html.into())
}
