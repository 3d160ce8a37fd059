//! Serves the API's OpenAPI document, and Swagger UI, which displays it.

use std::sync::{Arc, OnceLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use poem::{EndpointExt, IntoResponse, Request, Response, handler, http::header, web::Data};
use poem_openapi::OpenApiService;
use sha2::{Digest, Sha256};

use super::file::{Fixed, of};
use crate::http::{base::Base, document::Document, labels::Pages};

/// Settings that the framework's Swagger UI lacks. Swagger UI loads the document from an address relative to the page,
/// stores the token across reloads, and allows calls without a further click.
const SWAGGER_SETTINGS: &str = "url: 'api/v1/openapi.json', persistAuthorization: true, \
    tryItOutEnabled: true, displayRequestDuration: true, validatorUrl: null, onComplete: () => signIn(ui),";

/// Script by which Swagger UI uses the token of the dashboard, unless the user has entered another. Swagger UI does not
/// store this token, so that signing out of the dashboard suffices.
const SIGN_IN: &str = include_str!("../../../assets/swagger.js");

const HEAD: &str = "<title>Prediction API</title><link rel=\"icon\" href=\"data:,\">\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">";

/// Element in which Swagger UI appears.
const PLACE: &str = "<div id=\"ui\"></div>";

const STYLE: &str = include_str!("../../../assets/swagger.css");

/// Links to the other pages. They are relative, because the server may have a base path.
const BAR: &str = "<header class=\"site\"><a href=\"./\">Prediction API</a><a href=\"./\">Dashboard</a>\
    <a href=\"docs\">Guides</a></header>";

/// Pages that are created when they are first requested, and cached. All requests share them.
struct Made {
    document: Document,
    swagger: OnceLock<Swagger>,
    json: OnceLock<Fixed>,
    yaml: OnceLock<Fixed>,
}

/// Swagger UI, with its content security policy.
struct Swagger {
    page: Fixed,
    policy: String,
}

/// Adds the routes of Swagger UI and of the API's document to `pages`.
pub fn add(pages: Pages, document: &Document) -> Pages {
    let made = Arc::new(Made {
        document: document.clone(),
        swagger: OnceLock::new(),
        json: OnceLock::new(),
        yaml: OnceLock::new(),
    });
    pages
        .at("/swagger", poem::get(swagger_page).data(made.clone()))
        .at("/api/v1/openapi.json", poem::get(json_page).data(made.clone()))
        .at("/api/v1/openapi.yaml", poem::get(yaml_page).data(made))
}

impl Swagger {
    fn new() -> Self {
        let page = swagger();
        Self {
            policy: swagger_policy(&page),
            page: Fixed::new(page),
        }
    }
}

fn swagger() -> String {
    let head = format!("{HEAD}<style>{STYLE}</style><script>{SIGN_IN}</script>");
    // Each text occurs once. `<body>` and `</head>` occur in the scripts, too.
    OpenApiService::new((), "Prediction API", "")
        .swagger_ui_html()
        .replace("spec: spec,", SWAGGER_SETTINGS)
        .replace("SwaggerUIBundle({", "const ui = SwaggerUIBundle({")
        .replace("<title>Swagger UI</title>", &head)
        .replace(PLACE, &format!("{BAR}{PLACE}"))
}

/// Returns the content security policy of Swagger UI. The page may run only its own inline scripts, which the policy
/// lists by hash, and call only this server. Inline styles are allowed, because Swagger UI sets styles at run time.
fn swagger_policy(page: &str) -> String {
    let (mut hashes, mut rest) = (String::new(), page);
    // A script ends at the first end tag, whatever its text is.
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
fn swagger_page(Data(made): Data<&Arc<Made>>) -> Response {
    let swagger = made.swagger.get_or_init(Swagger::new);
    let page = swagger.page.answer("text/html; charset=utf-8");
    page.with_header(header::CONTENT_SECURITY_POLICY, &swagger.policy)
        .into_response()
}

#[handler]
fn json_page(request: &Request, Data(made): Data<&Arc<Made>>) -> Response {
    let json = made.json.get_or_init(|| Fixed::new(made.document.to_json()));
    document(request, json, "application/json", |url| format!("\"url\": \"{url}\""))
}

#[handler]
fn yaml_page(request: &Request, Data(made): Data<&Arc<Made>>) -> Response {
    let yaml = made.yaml.get_or_init(|| Fixed::new(made.document.to_yaml()));
    document(request, yaml, "application/yaml", |url| format!("- url: {url}\n"))
}

/// Returns the API's document. If there is a base path, the document has it as its first `server`.
fn document(request: &Request, made: &Fixed, content_type: &str, server: impl Fn(&str) -> String) -> Response {
    match request.data::<Base>() {
        Some(base) if !base.path.is_empty() => {
            let text = String::from_utf8_lossy(&made.body);
            let text = text.replacen(&server("/"), &server(&base.path), 1);
            of(content_type, text.into())
        }
        _ => made.answer(content_type),
    }
}
