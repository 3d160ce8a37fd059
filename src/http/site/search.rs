//! Search index of the guides. The browser loads it once, and searches it without further requests.

use std::sync::LazyLock;

use poem::{Response, handler};
use pulldown_cmark::HeadingLevel;
use serde_json::{Value, json};

use super::{file::Fixed, guide, markdown::sections};

static INDEX: LazyLock<Fixed> = LazyLock::new(|| Fixed::new(index()));

/// Returns the index. It is a script and not JSON, because the content security policy of the guides allows the scripts
/// of this server, and no requests by them.
#[handler]
pub fn search_index() -> Response {
    INDEX.answer("text/javascript; charset=utf-8")
}

/// Returns the index: for each page its path, its title and its sections, and for each section its anchor, its heading
/// and its text. The first section of a page has neither anchor nor heading.
fn index() -> String {
    let pages: Vec<Value> = guide::names().iter().filter_map(|name| page(name)).collect();
    format!("export default {};\n", Value::from(pages))
}

fn page(name: &str) -> Option<Value> {
    let (mut title, mut entries) = (String::new(), Vec::new());
    for (heading, text) in sections(&guide::source(name)?) {
        if heading.level == HeadingLevel::H1 && title.is_empty() {
            title = heading.text;
            entries.push(json!(["", "", text]));
        } else {
            entries.push(json!([heading.anchor, heading.text, text]));
        }
    }
    Some(json!([guide::path(name), title, entries]))
}
