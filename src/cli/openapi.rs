//! `openapi`: prints the API's document.

use super::{Outcome, print};
use crate::http;

/// Prints the document as JSON or YAML.
pub fn run(yaml: bool) -> Outcome {
    let document = http::document();
    let text = if yaml { document.to_yaml() } else { document.to_json() };
    print(text.trim_end())
}
