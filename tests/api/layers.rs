//! The rules of the layers. Dependencies point down only: `domain` uses nothing of the crate; `store` uses `domain`;
//! `service` uses `store` and `domain`; `http` and `task` use `service` and `domain`; `cli` may use all. `example` uses
//! nothing, and only `cli` uses it. There is no circle of files. `rusqlite` is used in `store` only, and the
//! framework in `http`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use regex::Regex;

use crate::imports;

/// Each layer, with the layers that it may use.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    // Its defaults and ranges are those of the rules.
    ("config", &["domain"]),
    ("example", &[]),
    ("store", &["domain"]),
    ("service", &["domain", "store"]),
    ("http", &["domain", "service"]),
    ("task", &["domain", "service"]),
    (
        "cli",
        &["config", "domain", "example", "http", "service", "store", "task"],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// Crates, with the layers that may use them.
const CRATES: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("r2d2", &["store"]),
    ("r2d2_sqlite", &["store"]),
    ("tokio_postgres", &["store"]),
    ("hashlink", &["store"]),
    ("poem", &["http"]),
    // Schemas are derived next to the types.
    ("poem_openapi", &["http", "domain"]),
    ("csv", &["http"]),
    // Other servers are called from one layer.
    ("reqwest", &["service"]),
    ("lettre", &["service"]),
    ("rumqttc", &["service"]),
    ("indicatif", &["cli"]),
    ("tokio", &["store", "service", "http", "task", "cli"]),
    ("hyper", &["http"]),
    // TLS is served by one layer, and used by others to reach the database and the MQTT broker.
    ("tokio_rustls", &["http", "store", "service"]),
    ("metrics_exporter_prometheus", &["http"]),
    ("figment", &["config"]),
    ("clap", &["cli", "config"]),
];

/// The files of `store` that name the crate of an engine: the seam, values in columns, and the parts that only one engine
/// needs.
const ENGINES: &[&str] = &[
    "src/store/engine/",
    "src/store/row.rs",
    "src/store/sqlite/",
    "src/store/postgres/",
];

#[test]
fn the_sql_of_the_nouns_names_no_engine() {
    let root = root_folder();
    let named = Regex::new(r"\b(rusqlite|r2d2|tokio_postgres)\b").unwrap();
    let mut files = sources();
    files.retain(|file| named.is_match(&code_of(file)));
    let place = |file: &PathBuf| file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    let found: Vec<_> = files.iter().map(place).collect();
    let elsewhere = |file: &&String| !ENGINES.iter().any(|place| file.starts_with(place));
    assert_eq!(found.iter().find(elsewhere), None);
    assert!(found.len() > 3, "the engine is not where it was");
}

/// Names that read the clock. Nothing below `service` does.
const CLOCKS: &str = r"SystemTime|Instant::now|now_utc|Utc::now";

/// The one file below `service` that measures durations, by a clock without a time of day.
const STOPWATCH: &str = "src/store/stopwatch.rs";

#[test]
fn dependencies_point_down_only() {
    let clock = Regex::new(CLOCKS).unwrap();
    let time_of_day = Regex::new(&CLOCKS.replace("Instant::now|", "")).unwrap();
    let crates = CRATES.iter().map(|(name, layers)| {
        let used = Regex::new(&format!(r"(^|[^\w:]){name}::")).unwrap();
        (name, used, layers)
    });
    let crates: Vec<_> = crates.collect();
    let mut faults = Vec::new();
    for file in sources() {
        let (layer, code) = (layer_of(&file), code_of(&file));
        let (_, allowed) = LAYERS
            .iter()
            .find(|(name, _)| *name == layer)
            .unwrap_or_else(|| panic!("{} is in no known layer", file.display()));
        for used in used_modules(&code) {
            if used != layer && !allowed.contains(&used.as_str()) {
                faults.push(format!("{} uses {used}", file.display()));
            }
        }
        for (name, used, layers) in &crates {
            if used.is_match(&code) && !layers.contains(&layer.as_str()) {
                faults.push(format!("{} uses the crate {name}", file.display()));
            }
        }
        let clock = if file.ends_with(STOPWATCH) {
            &time_of_day
        } else {
            &clock
        };
        if matches!(layer.as_str(), "domain" | "store") && clock.is_match(&code) {
            faults.push(format!("{} asks the time", file.display()));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The time of a request is read where its work is done, so that all of it is as of one moment.
#[test]
fn http_asks_for_no_time_of_a_request() {
    let asked = Regex::new(r"\b(app|self\.0|self\.app)\s*\.now\(\)").unwrap();
    assert!(asked.is_match("let now = self.0.now();"));
    let asks = |file: &&PathBuf| layer_of(file) == "http" && asked.is_match(&code_of(file));
    assert_eq!(sources().iter().find(asks), None);
}

#[test]
fn an_upward_dependency_would_be_seen() {
    let code =
        "use crate::{\n    domain::{Error, job::Job},\n    store::{self, Db},\n};\nfn f() { crate::http::serve(); }";
    let found: Vec<_> = used_modules(code).into_iter().collect();
    assert_eq!(found, ["domain", "http", "store"]);
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let files = imports::Files::read(&root_folder().join("src"));
    assert!(files.len() > 150, "the sources are not where they were");
    let circles = files.circles();
    assert!(circles.is_empty(), "{circles:#?}");
}

/// Folders of `http` from the bottom up: none uses one that is listed after it.
const FOLDERS: &[&str] = &["guard", "document", "form", "api", "site", "request", "serve"];

#[test]
fn the_folders_of_http_use_only_those_below_them() {
    let files = imports::Files::read(&root_folder().join("src"));
    let place = |module: &[String]| {
        let [http, folder, ..] = module else {
            return None;
        };
        FOLDERS.iter().position(|name| http == "http" && name == folder)
    };
    let upward =
        |(file, used): &(&Vec<String>, &Vec<String>)| place(file).zip(place(used)).is_some_and(|(from, to)| from < to);
    let found: Vec<_> = files.all().filter(upward).collect();
    assert!(found.is_empty(), "{found:#?}");
    let from_below = files
        .all()
        .any(|(file, used)| place(file) > place(used) && place(used).is_some());
    assert!(from_below, "the folders are not where they were");
}

/// The folders of `http` that hold for every resource, present and future.
const WITHOUT_NOUNS: &[&str] = &["guard", "document", "form", "request", "serve"];

/// The product's nouns, and its paths. Left out are words that HTTP and Rust have too (`Location`, `source`, `reading`) in
/// the singular, and the two nouns that every request has: the token, and the caller's `organisation_id`.
const NOUNS: &str = r"(?i)\w*(job|sensor|prediction|webhook|audit|backup|sourceversion|source_version|whoami)\w*|\b(locations|sources|readings|organisations)\b|domain::(location|source|reading|organisation|token)\b|/api/v1";

#[test]
fn code_for_every_resource_names_none() {
    let nouns = Regex::new(NOUNS).unwrap();
    let mut checked = 0;
    let mut faults = Vec::new();
    for file in sources() {
        let inside = file.strip_prefix(root_folder().join("src/http"));
        let folder = inside.ok().and_then(|inside| inside.iter().next()?.to_str());
        if !folder.is_some_and(|folder| WITHOUT_NOUNS.contains(&folder)) {
            continue;
        }
        checked += 1;
        let code = code_of(&file);
        let named = nouns
            .find_iter(&code)
            .map(|noun| format!("{} names {}", file.display(), noun.as_str()));
        faults.extend(named);
    }
    assert!(checked > 30, "the folders are not where they were");
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_noun_would_be_seen() {
    let nouns = Regex::new(NOUNS).unwrap();
    for code in [
        "JobSetup",
        "\"/api/v1/x\"",
        "create_sensor",
        "ends_with(\"/readings\")",
        "use domain::location::X",
    ] {
        assert!(nouns.is_match(code), "{code}");
    }
    for code in ["header::LOCATION", "error.source()", "is_reading", "organisation_id"] {
        assert!(!nouns.is_match(code), "{code}");
    }
}

#[test]
fn unsafe_code_is_forbidden() {
    for root in ["src/lib.rs", "src/main.rs"] {
        let text = fs::read_to_string(root_folder().join(root)).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{root}");
    }
}

/// Files and folders that ARCHITECTURE.md names, by the ends of their paths.
#[test]
fn the_architecture_names_files_that_exist() {
    let root = root_folder();
    let mut known = BTreeSet::new();
    for folder in [
        "src", "assets", "config", "tests", "benches", "clients", "examples", ".ci",
    ] {
        paths(&root.join(folder), &mut known);
    }
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let named = Regex::new(r"`([\w./_-]+(?:/|\.(?:rs|md|toml|json|js|mjs|sql|sh|py|lua)))`").unwrap();
    let mut missing = Vec::new();
    for found in named.captures_iter(&page) {
        let name = found[1].trim_end_matches('/');
        let is_known = known.iter().any(|path: &PathBuf| path.ends_with(name)) || root.join(name).exists();
        if !is_known {
            missing.push(name.to_owned());
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// Adds the folder and what is in it.
fn paths(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    found.insert(folder.to_owned());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths(&path, found);
        } else {
            found.insert(path);
        }
    }
}

fn root_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<PathBuf> {
    let mut folders = vec![root_folder().join("src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 50, "the sources are not where they were");
    files
}

fn layer_of(file: &Path) -> String {
    let inside = file.strip_prefix(root_folder().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// Returns the file without its comments.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    static COMMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)//.*$").unwrap());
    COMMENT.replace_all(&text, "").into_owned()
}

/// Returns the modules of the crate that the code names: `crate::x` and the first names in `crate::{x::..., y}`.
fn used_modules(code: &str) -> BTreeSet<String> {
    static PATH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(?:crate|prediction_api)::(\w+)").unwrap());
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*(\w+)").unwrap());
    let mut used: BTreeSet<_> = PATH.captures_iter(code).map(|found| found[1].to_owned()).collect();
    for (start, opening) in code.match_indices("crate::{") {
        let inside = &code[start + opening.len()..];
        let (mut depth, mut item) = (0, String::new());
        for character in inside.chars() {
            match character {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    used.extend(NAME.captures(&item).map(|found| found[1].to_owned()));
                    item.clear();
                    if character == '}' {
                        break;
                    }
                    continue;
                }
                _ => {}
            }
            item.push(character);
        }
    }
    used
}
