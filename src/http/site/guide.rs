//! Guides: Markdown files that are embedded in the executable and served as HTML pages.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html::push_html};
use rust_embed::Embed;

use crate::http::options::Demo;

/// Embedded Markdown files and pictures of the guides.
#[derive(Embed)]
#[folder = "assets/docs"]
pub struct Guides;

/// HTML template of the guides' pages.
const FRAME: &str = include_str!("../../../assets/page.html");

/// Markdown that is appended to the guide about the demo if the server is one: links that work without a token.
const LINKS_OF_DEMO: &str = include_str!("../../../assets/demo/links.md");

/// Guides whose examples are about the demo. Served by a demo they have its dates.
const ABOUT_DEMO: &[&str] = &["dashboard", "demo", "getting-predictions"];

/// Address of the server in the guides' Markdown. Pages contain the address that the reader uses instead.
pub const ADDRESS: &str = "http://127.0.0.1:8000";

const CHANGELOG: &str = include_str!("../../../CHANGELOG.md");

/// Pages in reading order, with their names in the navigation. The pages of problems follow `problems`.
const ORDER: &[(&str, &str)] = &[
    ("index", "What it is"),
    ("quickstart", "Quick start"),
    ("dashboard", "The dashboard"),
    ("demo", "The demo"),
    ("jobs", "Jobs"),
    ("creating-predictions", "Creating predictions"),
    ("getting-predictions", "Getting predictions"),
    ("worker", "Writing a worker"),
    ("trying-versions", "Trying a new version"),
    ("health", "Health and webhooks"),
    ("tokens", "Tokens and permissions"),
    ("operating", "Operating"),
    ("growing", "Growing beyond one machine"),
    ("export", "Exports"),
    ("problems", "Errors"),
    ("changelog", "Changelog"),
];

/// Number of sections above which a page gets a table of contents.
const FEW_SECTIONS: usize = 3;

/// Returns whether a guide with this name exists.
pub fn has_guide(page: &str) -> bool {
    source(page).is_some()
}

/// Returns the HTML page of the guide with this name. `None` if it does not exist.
pub fn page(page: &str, demo: Option<&Demo>) -> Option<String> {
    let mut text = source(page)?;
    if let Some(demo) = demo
        && ABOUT_DEMO.contains(&page)
    {
        if page == "demo" {
            text += LINKS_OF_DEMO;
        }
        text = (demo.dated)(&text);
    }
    let rendered = render(&text);
    let mut body = rendered.html;
    if rendered.sections.len() > FEW_SECTIONS
        && let Some(end) = body.find("</h1>")
    {
        body.insert_str(end + "</h1>".len(), &contents(&rendered.sections));
    }
    body += &neighbours(page);
    Some(frame(&format!("{} · Guides", rendered.title), page, &body))
}

/// Returns the HTML page for a path that does not exist. `detail` describes the error.
pub fn not_found(detail: &str) -> String {
    let mut letters = detail.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let detail = first + letters.as_str();
    let body = format!(
        "<h1>Page not found</h1><p>{}.</p><ul><li><a href=\"/\">The dashboard</a></li><li><a href=\"/docs\">The guides</a></li>\
         <li><a href=\"/swagger\">Swagger UI</a>, with every call of the API</li></ul>",
        escaped(&detail)
    );
    frame("Page not found", "", &body)
}

fn source(page: &str) -> Option<String> {
    if page == "changelog" {
        return Some(CHANGELOG.to_owned());
    }
    let file = Guides::get(&format!("{page}.md"))?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}

/// Guide that is converted to HTML.
struct Rendered {
    /// Text of the first heading.
    title: String,
    /// Anchor and heading of each section.
    sections: Vec<(String, String)>,
    html: String,
}

fn render(text: &str) -> Rendered {
    let mut events: Vec<Event<'_>> = Parser::new_ext(text, Options::ENABLE_TABLES).collect();
    let (mut title, mut sections) = (String::new(), Vec::new());
    for at in 0..events.len() {
        let heading = heading_text(&events[at..]);
        if let Event::Start(Tag::Heading { level, id, .. }) = &mut events[at] {
            let anchor = anchor(&heading);
            *id = Some(CowStr::from(anchor.clone()));
            match level {
                HeadingLevel::H1 if title.is_empty() => title = heading,
                HeadingLevel::H2 => sections.push((anchor, heading)),
                _ => {}
            }
        }
    }
    let mut html = String::new();
    push_html(&mut html, events.into_iter());
    // Blocks that can scroll must be reachable with the keyboard.
    let html = html
        .replace("<pre>", "<pre tabindex=\"0\">")
        .replace("<table>", "<div class=\"wide\" tabindex=\"0\"><table>")
        .replace("</table>", "</table></div>");
    Rendered { title, sections, html }
}

/// Returns the text of a heading, given the events after its start.
fn heading_text(events: &[Event<'_>]) -> String {
    let inside = events
        .iter()
        .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let text = inside.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    text.collect()
}

/// Returns a heading's anchor: its words in lower case, joined by hyphens, as on code hosts.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|character| match character {
        ' ' | '-' => Some('-'),
        _ => character.is_alphanumeric().then(|| character.to_ascii_lowercase()),
    });
    kept.collect()
}

fn contents(sections: &[(String, String)]) -> String {
    let items: String = sections
        .iter()
        .map(|(anchor, heading)| format!("<li><a href=\"#{anchor}\">{}</a></li>", escaped(heading)))
        .collect();
    format!("<details class=\"contents\"><summary>On this page</summary><ul>{items}</ul></details>")
}

/// Returns the HTML of the links to the previous and the next guide.
fn neighbours(page: &str) -> String {
    let Some(at) = ORDER.iter().position(|(name, _)| *name == page) else {
        return String::new();
    };
    let link = |at: Option<usize>, relation: &str, word: &str| {
        let found = at.and_then(|at| ORDER.get(at));
        found.map_or_else(String::new, |(name, title)| {
            let path = path(name);
            format!("<a rel=\"{relation}\" href=\"{path}\">{word}: {title}</a>")
        })
    };
    format!(
        "<p class=\"turn\">{}{}</p>",
        link(at.checked_sub(1), "prev", "Back"),
        link(Some(at + 1), "next", "Next")
    )
}

fn frame(title: &str, page: &str, body: &str) -> String {
    let items: String = ORDER
        .iter()
        .map(|(name, title)| {
            let current = match page.strip_prefix(name) {
                Some("") => " aria-current=\"page\"",
                Some(under) if under.starts_with('/') => " aria-current=\"true\"",
                _ => "",
            };
            format!("<li><a href=\"{}\"{current}>{title}</a></li>", path(name))
        })
        .collect();
    FRAME
        .replace("{title}", &escaped(title))
        .replace("{pages}", &items)
        .replace("{body}", body)
}

fn path(page: &str) -> String {
    match page {
        "index" => "/docs".to_owned(),
        page => format!("/docs/{page}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
