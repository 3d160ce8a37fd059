//! Conversion of the guides' Markdown to HTML, and to the plain text that the search index contains.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html::push_html};

/// Languages of blocks that show what the server returned. The search index leaves them out.
const RESPONSES: [&str; 4] = ["json", "text", "csv", "http"];

/// Heading of a guide.
pub struct Heading {
    /// Level, from 1 for the title of the page to 6.
    pub level: HeadingLevel,
    /// Id of the heading in the HTML page.
    pub anchor: String,
    /// Text without markup.
    pub text: String,
}

/// Guide that is converted to HTML.
pub struct Rendered {
    /// Headings in their order.
    pub headings: Vec<Heading>,
    /// Content of the page.
    pub html: String,
}

/// Converts a guide to HTML. Links between the Markdown files, which work on code hosts, become links between the
/// pages.
pub fn render(text: &str) -> Rendered {
    let mut events = parse(text);
    let mut headings = Vec::new();
    for at in 0..events.len() {
        match &events[at] {
            Event::Start(Tag::Heading { .. }) => {
                let heading = heading(&events[at..]);
                if let Event::Start(Tag::Heading { id, .. }) = &mut events[at] {
                    *id = Some(CowStr::from(heading.anchor.clone()));
                }
                headings.push(heading);
            }
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => {
                if let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = &mut events[at] {
                    *dest_url = CowStr::from(target(dest_url));
                }
            }
            _ => {}
        }
    }
    let mut html = String::new();
    push_html(&mut html, events.into_iter());
    // Blocks that can scroll must be reachable with the keyboard.
    let html = html
        .replace("<pre>", "<pre tabindex=\"0\">")
        .replace("<table>", "<div class=\"wide\" tabindex=\"0\"><table>")
        .replace("</table>", "</table></div>");
    Rendered { headings, html }
}

/// Returns the headings of a guide, each with the plain text that follows it. The text contains commands and code, but
/// not the responses that the guide shows.
pub fn sections(text: &str) -> Vec<(Heading, String)> {
    let events = parse(text);
    let mut sections: Vec<(Heading, String)> = Vec::new();
    let (mut is_heading, mut is_response) = (false, false);
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                is_heading = true;
                sections.push((heading(&events[at..]), String::new()));
            }
            Event::End(TagEnd::Heading(_)) => is_heading = false,
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                is_response = RESPONSES.contains(&language.as_ref());
            }
            Event::End(TagEnd::CodeBlock) => is_response = false,
            _ if is_heading || is_response => {}
            Event::Text(words) | Event::Code(words) => add(&mut sections, words),
            Event::End(TagEnd::Paragraph | TagEnd::TableCell | TagEnd::Item) | Event::SoftBreak | Event::HardBreak => {
                add(&mut sections, " ");
            }
            _ => {}
        }
    }
    for (_, text) in &mut sections {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    sections
}

fn add(sections: &mut [(Heading, String)], words: &str) {
    if let Some((_, text)) = sections.last_mut() {
        text.push_str(words);
    }
}

fn parse(text: &str) -> Vec<Event<'_>> {
    Parser::new_ext(text, Options::ENABLE_TABLES).collect()
}

/// Returns the heading that starts with the first of the events.
fn heading(events: &[Event<'_>]) -> Heading {
    let level = match events.first() {
        Some(Event::Start(Tag::Heading { level, .. })) => *level,
        _ => HeadingLevel::H6,
    };
    let inside = events
        .iter()
        .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let text = inside.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    let text: String = text.collect();
    Heading {
        level,
        anchor: anchor(&text),
        text,
    }
}

/// Returns a heading's anchor: its words in lower case, joined by hyphens, as on code hosts.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|character| match character {
        ' ' | '-' => Some('-'),
        _ => character.is_alphanumeric().then(|| character.to_ascii_lowercase()),
    });
    kept.collect()
}

/// Returns the address of what a relative link to a file of the guides means, such as `/docs/jobs#rename` for
/// `jobs.md#rename`. Other links stay as they are.
fn target(link: &str) -> String {
    if link.contains(':') || link.starts_with(['/', '#', '.']) {
        return link.to_owned();
    }
    let (file, anchor) = match link.split_once('#') {
        Some((file, anchor)) => (file, format!("#{anchor}")),
        None => (link, String::new()),
    };
    let page = match file.strip_suffix(".md") {
        Some("index") => String::new(),
        Some(page) => format!("/{page}"),
        None => format!("/{file}"),
    };
    format!("/docs{page}{anchor}")
}
