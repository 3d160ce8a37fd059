//! Guides: Markdown files that are embedded in the executable and served as HTML pages.

use pulldown_cmark::HeadingLevel;
use rust_embed::Embed;

use super::markdown::{Heading, Rendered, render};
use crate::http::options::Demo;

/// Embedded Markdown files and pictures of the guides.
#[derive(Embed)]
#[folder = "assets/docs"]
pub struct Guides;

/// HTML template of the guides' pages.
const FRAME: &str = include_str!("../../../assets/page.html");

/// Script that colours code, in the head of the pages that contain code.
const COLOURS: &str = "<script src=\"/assets/prism.js\" defer></script>\n";

/// Markdown that is appended to the guide about the demo if the server is one: links that work without a token.
const LINKS_OF_DEMO: &str = include_str!("../../../assets/demo/links.md");

/// Guides whose examples are about the demo. Served by a demo they have its dates.
const ABOUT_DEMO: &[&str] = &["accuracy", "alerts", "dashboard", "demo", "getting-predictions"];

/// Address of the server in the guides' Markdown. Pages contain the address that the reader uses instead.
pub const ADDRESS: &str = "http://127.0.0.1:8000";

const CHANGELOG: &str = include_str!("../../../CHANGELOG.md");

/// Guide in the navigation.
struct Entry {
    name: &'static str,
    title: &'static str,
    /// Purpose of the guide in one sentence.
    about: &'static str,
}

const fn entry(name: &'static str, title: &'static str, about: &'static str) -> Entry {
    Entry { name, title, about }
}

/// Guides in reading order, in the groups of the navigation. The pages of problems follow `problems`.
const GROUPS: &[(&str, &[Entry])] = &[
    (
        "Start",
        &[
            entry("index", "What it is", "Concepts, and the list of all guides."),
            entry(
                "quickstart",
                "Quick start",
                "From an empty server to a first prediction.",
            ),
            entry(
                "dashboard",
                "The dashboard",
                "The views of the dashboard, and the chart.",
            ),
            entry(
                "demo",
                "The demo",
                "A season of real weather and predictions to explore.",
            ),
        ],
    ),
    (
        "Use the API",
        &[
            entry("jobs", "Jobs", "Register a model and set up a job, step by step."),
            entry(
                "creating-predictions",
                "Creating predictions",
                "Post, correct and withdraw predictions.",
            ),
            entry(
                "getting-predictions",
                "Getting predictions",
                "Read predictions as they are known now or were known then.",
            ),
            entry(
                "worker",
                "Writing a worker",
                "A program that fetches its jobs and posts predictions.",
            ),
            entry(
                "devices",
                "Connect devices",
                "Readings from the messages of devices and network servers.",
            ),
            entry("alerts", "Alerts", "Be told once, before a threshold is passed."),
            entry(
                "accuracy",
                "Accuracy",
                "How far predictions were off, by version and lead time.",
            ),
            entry(
                "python-client",
                "The Python client",
                "Read, post and run workers with the package that the server serves.",
            ),
            entry("python", "From Python", "Use the API with requests and pandas."),
            entry("javascript", "From JavaScript", "Use the API with fetch in Node.js."),
            entry("r", "From R", "Use the API with httr2."),
            entry(
                "uncertainty",
                "How sure is the model?",
                "Quantiles and ensemble members: post, read and score them.",
            ),
            entry(
                "trying-versions",
                "Trying a new version",
                "Run a new version on trial beside the one in use.",
            ),
        ],
    ),
    (
        "Other tools",
        &[
            entry(
                "generated-clients",
                "Generated clients",
                "Make a client in your language from the API's document.",
            ),
            entry(
                "grafana",
                "Grafana",
                "Show predictions and the server's metrics in Grafana.",
            ),
            entry(
                "recipes",
                "Recipes",
                "Home Assistant, Node-RED, weather forecasts, timers, Kubernetes and proxies.",
            ),
            entry(
                "works-with",
                "What works with what",
                "Which clients and tools were tried, and how.",
            ),
        ],
    ),
    (
        "Operate",
        &[
            entry(
                "health",
                "Health and webhooks",
                "Monitor jobs, and get notified of changes.",
            ),
            entry(
                "messages",
                "Chats, phones and e-mail",
                "Get messages in Slack, Teams, ntfy, Matrix or Telegram, or by e-mail.",
            ),
            entry(
                "tokens",
                "Tokens and permissions",
                "Create, limit and revoke access tokens.",
            ),
            entry(
                "installing",
                "Installing",
                "Debian package, container image, archive or source.",
            ),
            entry(
                "operating",
                "Operating",
                "Install, secure, back up and upgrade the server.",
            ),
            entry(
                "growing",
                "Growing beyond one machine",
                "Several servers with PostgreSQL.",
            ),
            entry("export", "Exports", "Move data between servers."),
        ],
    ),
    (
        "Reference",
        &[
            entry("problems", "Errors", "Every error with its solution."),
            entry("changelog", "Changelog", "Changes in each version."),
            entry(
                "licences",
                "Licences",
                "Components of the executable, with their licences.",
            ),
        ],
    ),
];

/// Number of sections above which a page gets a table of contents.
const FEW_SECTIONS: usize = 3;

/// Returns the names of all guides in reading order, and those of the pages about problems.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = entries().map(|entry| entry.name.to_owned()).collect();
    let pages = Guides::iter();
    names.extend(pages.filter_map(|file| Some(file.strip_suffix(".md")?.to_owned()).filter(|name| name.contains('/'))));
    names
}

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
    let Rendered { headings, html } = render(&text);
    let is_title = |heading: &&Heading| heading.level == HeadingLevel::H1;
    let title = headings.iter().find(is_title).map_or("", |heading| &heading.text);
    let mut body = html;
    let contents = contents(&headings);
    if let (Some(list), Some(end)) = (&contents, body.find("</h1>")) {
        let folded = format!("<details class=\"contents\"><summary>On this page</summary>{list}</details>");
        body.insert_str(end + "</h1>".len(), &folded);
    }
    body += &next_steps(page);
    let title = format!("{title} · Guides");
    Some(frame(&title, page, &body, contents.as_deref()))
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
    frame("Page not found", "", &body, None)
}

/// Returns the texts of the licences of all components.
pub fn licences() -> String {
    let file = Guides::get("licences.txt");
    file.map_or_else(String::new, |file| String::from_utf8_lossy(&file.data).into_owned())
}

/// Returns the Markdown of the guide with this name. `None` if it does not exist.
pub fn source(page: &str) -> Option<String> {
    if page == "changelog" {
        return Some(CHANGELOG.to_owned());
    }
    let file = Guides::get(&format!("{page}.md"))?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    GROUPS.iter().flat_map(|(_, entries)| entries.iter())
}

/// Returns the HTML list of a page's sections. `None` if there are only a few.
fn contents(headings: &[Heading]) -> Option<String> {
    let sections = headings.iter().filter(|heading| heading.level == HeadingLevel::H2);
    let items: Vec<String> = sections
        .map(|heading| {
            format!(
                "<li><a href=\"#{}\">{}</a></li>",
                heading.anchor,
                escaped(&heading.text)
            )
        })
        .collect();
    (items.len() > FEW_SECTIONS).then(|| format!("<ul>{}</ul>", items.concat()))
}

/// Returns the HTML of the links at the end of a guide: the next guide with its purpose, and the previous one.
fn next_steps(page: &str) -> String {
    let entries: Vec<_> = entries().collect();
    let Some(at) = entries.iter().position(|entry| entry.name == page) else {
        return "<p class=\"turn\"><a href=\"/docs/problems\">All errors</a></p>".to_owned();
    };
    let link = |at: Option<usize>, relation: &str, word: &str| {
        let found = at.and_then(|at| entries.get(at));
        found.map_or_else(String::new, |Entry { name, title, about }| {
            let path = path(name);
            format!("<a rel=\"{relation}\" href=\"{path}\"><b>{word}: {title}</b> <span>{about}</span></a>")
        })
    };
    format!(
        "<p class=\"turn\">{}{}</p>",
        link(at.checked_sub(1), "prev", "Back"),
        link(Some(at + 1), "next", "Next")
    )
}

fn frame(title: &str, page: &str, body: &str, contents: Option<&str>) -> String {
    let about = entries().find(|entry| entry.name == page).map(|entry| entry.about);
    let about = about.map(|about| format!("<meta name=\"description\" content=\"{about}\">\n"));
    let colours = body.contains("<code class=\"language-").then_some(COLOURS);
    let beside = contents.map(|list| format!("<aside aria-label=\"On this page\"><p>On this page</p>{list}</aside>"));
    FRAME
        .replace("{title}", &escaped(title))
        .replace("{head}", &(about.unwrap_or_default() + colours.unwrap_or_default()))
        .replace("{pages}", &navigation(page))
        .replace("{contents}", &beside.unwrap_or_default())
        .replace("{body}", body)
}

/// Returns the HTML of the list of all guides, in which `page` is marked.
fn navigation(page: &str) -> String {
    let item = |Entry { name, title, .. }: &Entry| {
        let current = match page.strip_prefix(name) {
            Some("") => " aria-current=\"page\"",
            Some(under) if under.starts_with('/') => " aria-current=\"true\"",
            _ => "",
        };
        format!("<li><a href=\"{}\"{current}>{title}</a></li>", path(name))
    };
    let groups = GROUPS.iter().map(|(group, entries)| {
        let items: String = entries.iter().map(item).collect();
        format!("<li><b>{group}</b><ul>{items}</ul></li>")
    });
    groups.collect()
}

/// Returns the path of the guide with this name.
pub fn path(page: &str) -> String {
    match page {
        "index" => "/docs".to_owned(),
        page => format!("/docs/{page}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
