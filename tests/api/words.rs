//! The texts for users have the usual words: the API document, guides, pages, the dashboard and the command line's help.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use prediction_api::http;
use regex::{Regex, RegexBuilder};
use serde_json::Value;
use tempfile::tempdir;

use crate::{
    app::TestApp,
    command_line::{run, text},
};

/// Words to avoid: a pattern, the usual word, and a sentence that the pattern must find.
const AVOIDED: &[(&str, &str, &str)] = &[
    (
        r"\banswers ((an?|the|with|its?|all|them|those|what|how|only|\d+)\b|`)|\b(is|are|be|was|were) answered\b|\bansweri?ng (the|with)\b",
        "returns, responds with",
        "GET answers the jobs of the token.",
    ),
    (
        r"\bheld against\b",
        "checked against, compared with",
        "Bindings are held against the contract.",
    ),
    (
        r"\bby heart\b|\bremember(s|ed)?\b",
        "cached",
        "It is known by heart for a second.",
    ),
    (
        r"\bbehind (its?|this|that|the (commit|call|change|end|last|prefix|sentence|document|row))\b",
        "after",
        "It is sent behind the commit.",
    ),
    (
        r"\b(is|are|be|was|were|not|unless) told\b|\btold (of|by|at)\b|\btells? (of|the rest|what|when|why|how|whether|this)\b",
        "reports, notifies, shows",
        "The receiver is told of changes.",
    ),
    (
        r"\b(is|are|was|were|nothing|be) kept\b|\bkeeps? (nothing|only)\b",
        "stored",
        "Nothing was kept.",
    ),
    (r"\bmend(s|ed|ing)?\b", "fix", "Mend the line and send it again."),
    (
        r"\bwhat (became|becomes|came|comes) of\b|\bwhat came\b",
        "result, received",
        "It shows what became of the message.",
    ),
    (
        r"\bhow (it|each|they|the job) (does|do)\b|\bdo how\b|\bdoes so\b|\bthat as a whole do\b|\bdo(es)? well\b",
        "health state",
        "The overview shows how each does.",
    ),
    (
        r"\b(is|are) (it |they |all |not )?well\b[^-]|\ball is well\b",
        "healthy",
        "It lists the jobs that are not well.",
    ),
    (r"\bthere is no such\b", "not found", "There is no such thing."),
    (r"\bin the way\b", "conflict", "Something is in the way."),
    (
        r"\bbreaks? (the|\w+ of the) rules\b",
        "validation failed",
        "The request breaks 2 of the rules.",
    ),
    (
        r"\bcannot be done here\b",
        "method not allowed",
        "This cannot be done here.",
    ),
    (
        r"\bfor who(ever)?\b",
        "for users, for screen readers",
        "A table for who cannot see the chart.",
    ),
    (
        r"\bask(s|ed)? in parts\b",
        "split the request",
        "That is too many: ask in parts.",
    ),
    (
        r"\b(comes?|came) again\b",
        "retry",
        "When it is full, the client comes again.",
    ),
    (
        r"\b(is|are) filled by\b|\breadings beside\b",
        "input, compare with sensor",
        "The role is filled by this sensor.",
    ),
    (
        r"\bso many\b",
        "at most this number",
        "It returns so many rows at most.",
    ),
    (
        r"\bis no (JSON|UUID|folder|error|answer|success)\b",
        "is not",
        "The body is no JSON.",
    ),
];

/// Returns the place of each avoided word in a text, with the usual word.
fn faults(place: &str, words: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (pattern, usual) in PATTERNS.iter() {
        for hit in pattern.find_iter(words) {
            found.push(format!(
                "{place}: \"{}\" (use: {usual})",
                around(words, hit.start(), hit.end())
            ));
        }
    }
    found
}

/// Returns whether a description is a clause instead of a noun or a sentence.
fn has_no_subject(words: &str) -> bool {
    let first = words.split_whitespace().next().unwrap_or_default();
    matches!(
        first,
        "What" | "Whose" | "How" | "Which" | "Until" | "Since" | "Where" | "When"
    )
}

/// The patterns with the usual words.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    AVOIDED
        .iter()
        .map(|(pattern, usual, _)| (pattern_of(pattern), *usual))
        .collect()
});

fn pattern_of(pattern: &str) -> Regex {
    // A line break is a space like any other.
    let pattern = pattern.replace(' ', r"\s+");
    RegexBuilder::new(&pattern).case_insensitive(true).build().unwrap()
}

/// Returns a hit with some of the words around it.
fn around(words: &str, start: usize, end: usize) -> String {
    let from = words[..start].char_indices().rev().nth(30).map_or(0, |(at, _)| at);
    let to = words[end..]
        .char_indices()
        .nth(30)
        .map_or(words.len(), |(at, _)| end + at);
    words[from..to].split_whitespace().collect::<Vec<_>>().join(" ")
}

fn assert_usual(found: &[String]) {
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

#[test]
fn each_avoided_word_is_found_and_proper_uses_are_not() {
    for (pattern, _, sentence) in AVOIDED {
        assert!(pattern_of(pattern).is_match(sentence), "{pattern}: {sentence}");
        assert!(!faults("", sentence).is_empty(), "{sentence}");
    }
    assert!(has_no_subject("How many jobs do how.") && !has_no_subject("Job counts by health state."));
    for sentence in [
        "The server runs behind a reverse proxy.",
        "It tells workers which jobs to run.",
        "The answers are compressed.",
        "The body is well-formed.",
        "A keyboard works as well.",
        "Predictions keep arriving.",
        "The clock is behind the latest arrival.",
    ] {
        assert_usual(&faults("proper", sentence));
    }
}

#[test]
fn the_document_has_the_usual_words() {
    let document: Value = serde_json::from_str(&http::document().to_json()).unwrap();
    let mut found = Vec::new();
    let mut waiting = vec![("#".to_owned(), &document)];
    while let Some((at, value)) = waiting.pop() {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    // Examples are data, and so are the names of fields.
                    if matches!(name.as_str(), "example" | "examples" | "default") && !at.ends_with("/properties") {
                        continue;
                    }
                    if let (Value::String(words), "description" | "summary" | "title") = (member, name.as_str()) {
                        found.extend(faults(&at, words));
                        if has_no_subject(words) {
                            found.push(format!("{at}: begins without a noun or a verb: {words}"));
                        }
                    }
                    waiting.push((format!("{at}/{name}"), member));
                }
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                waiting.extend(items.map(|(index, item)| (format!("{at}/{index}"), item)));
            }
            _ => {}
        }
    }
    // A shared response is described once for each operation.
    found.sort();
    assert_usual(&found);
}

#[test]
fn the_guides_and_pages_have_the_usual_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![
        root.join("README.md"),
        root.join("CHANGELOG.md"),
        root.join("CONTRIBUTING.md"),
        root.join("SECURITY.md"),
        root.join("assets/page.html"),
        root.join("assets/copy.js"),
        root.join("assets/search.js"),
        root.join("assets/demo/links.md"),
        root.join("assets/docs/prediction-api.service"),
        root.join("assets/docs/recipes/open_meteo_worker.py"),
        root.join("assets/docs/recipes/kubernetes.yaml"),
        root.join("assets/clients/prediction-api.mjs"),
        root.join("config/prediction-api.toml"),
    ];
    files.extend(files_of(&root.join("assets/docs"), "md"));
    files.extend(files_of(&root.join("assets/dashboard"), "html"));
    files.extend(files_of(&root.join("assets/dashboard"), "js"));
    assert!(files.len() > 60, "{files:?}");
    let mut found = Vec::new();
    for file in files {
        let place = file.strip_prefix(root).unwrap().display().to_string();
        let mut words = fs::read_to_string(&file).unwrap();
        if place.ends_with(".md") {
            words = without_code(&words);
        }
        found.extend(faults(&place, &words));
    }
    assert_usual(&found);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_not_found_has_the_usual_words() {
    let app = TestApp::start().await;
    for path in ["/nosuch", "/health", "/docs/nosuch"] {
        let request = app.request("GET".parse().unwrap(), path).header("accept", "text/html");
        let page = app.send(request).await;
        assert_eq!(page.status, 404);
        assert_usual(&faults(path, &page.text));
    }
}

#[test]
fn the_help_of_every_command_has_the_usual_words() {
    let folder = tempdir().unwrap();
    let (mut found, mut count) = (Vec::new(), 0);
    let mut waiting = vec![Vec::new()];
    while let Some(command) = waiting.pop() {
        let mut arguments = command.clone();
        arguments.push("--help".to_owned());
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let help = text(&run(folder.path(), &arguments).stdout);
        assert!(help.contains("Usage:"), "{arguments:?}: {help}");
        found.extend(faults(&arguments.join(" "), &help));
        count += 1;
        for name in subcommands(&help) {
            waiting.push([command.clone(), vec![name]].concat());
        }
    }
    let least = if cfg!(feature = "demo") { 13 } else { 12 };
    assert!(count >= least, "{count} commands");
    assert_usual(&found);
}

/// Returns the names in the list of commands of a help text.
fn subcommands(help: &str) -> Vec<String> {
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        return Vec::new();
    };
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// A text of Markdown without its blocks of code and its code in the line.
fn without_code(markdown: &str) -> String {
    let blocks = Regex::new(r"(?ms)^```.*?^```$").unwrap();
    let inline = Regex::new(r"`[^`\n]*`").unwrap();
    inline.replace_all(&blocks.replace_all(markdown, ""), "`").into_owned()
}

/// Returns the files below a folder with the extension.
fn files_of(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_of(&path, ending));
        } else if path.extension().is_some_and(|end| end == ending) {
            found.push(path);
        }
    }
    found
}
