//! The SQL of `store` outside of the folders of the engines is for two engines: each statement in the sources is parsed with
//! PostgreSQL's grammar, and searched for expressions that the grammar accepts although PostgreSQL refuses them.

use std::{collections::BTreeMap, fs, path::Path, sync::Mutex};

use regex::{Captures, Regex};
use sqlparser::{dialect::PostgreSqlDialect, parser::Parser};

/// Values of variables where statements are composed, by file. A variable that is missing here, and is no constant
/// either, fails the test.
const VARIABLES: &[(&str, &str, &[&str])] = &[
    ("health/count.rs", "roles", &["role = ''"]),
    ("health/count.rs", "states", &["'late', 'down'"]),
    (
        "job_setup.rs",
        "table",
        &["organisations", "sources", "source_versions", "sensors", "locations"],
    ),
    ("job_setup.rs", "conditions", &["id IN (?1, ?2)"]),
    ("job_setup.rs", "", &["?3, ?4"]),
    ("integrity/catalogue.rs", "table", &["organisations", "tokens"]),
    (
        "prediction/known.rs",
        "keys",
        &[
            "{KEY}",
            "{KEY} OR {KEY}",
            "{WITHOUT_LOCATION}",
            "{WITHOUT_JOB}",
            "{WITHOUT_BOTH}",
        ],
    ),
    (
        "alert/state.rs",
        "conditions",
        &[
            "",
            " AND a.organisation_id = ?1 AND (t.alert_id, t.job_id, t.location_id, t.stage) > (?2, ?3, ?4, ?5)",
        ],
    ),
    ("alert/state.rs", "", &["6"]),
    ("prediction/known.rs", "rows", &["{ROW}", "{ROW}, {ROW}"]),
    (
        "prediction/known.rs",
        "assigned",
        &["last_issue = CASE id WHEN ?1 THEN ?3 WHEN ?12 THEN ?14 ELSE last_issue END"],
    ),
    ("prediction/known.rs", "ids", &["?1, ?12"]),
    ("prediction/known.rs", "organisations", &["?2, ?13"]),
    ("prediction/expiry.rs", "ids", &["?2, ?3"]),
    ("prediction/expiry.rs", "organisations", &["?4, ?5"]),
    ("prediction/revision.rs", "typed", &["{TYPED} {ROW} UNION ALL ", ""]),
    ("prediction/revision.rs", "rows", &["{ROW}"]),
    ("prediction/runs.rs", "order", &["{OLDEST_FIRST}", "{NEWEST_FIRST}"]),
    (
        "prediction/series.rs",
        "column",
        &["location_id", "job_id", "source_id"],
    ),
    (
        "prediction/groups.rs",
        "column",
        &["location_id", "job_id", "source_id"],
    ),
    ("reading/insert.rs", "rows", &["{ROW}", "{ROW}, {ROW}"]),
    ("reading/insert.rs", "older", &["{OLDER}", "{OLDER} OR {OLDER}"]),
    ("reading/known.rs", "times", &["{TIME}", "{TIME}, {TIME}"]),
    ("reading/known.rs", "rows", &["(?1, ?2)", "(?1, ?2), (?3, ?4)"]),
];

/// Conditions and other parts of statements, with the text that makes a statement of each.
const PIECES: &[(&str, &str)] = &[
    ("EXISTS (SELECT 1 FROM health", "SELECT j.id FROM jobs j WHERE {}"),
    ("role = ''", "SELECT 1 FROM health WHERE {}"),
    ("role <> ''", "SELECT 1 FROM health WHERE {}"),
    ("id IN (SELECT source_id", "SELECT id FROM sources WHERE {}"),
    ("version = ? AND", "SELECT id FROM source_versions WHERE {}"),
    ("id IN (SELECT (SELECT", "SELECT id FROM source_versions WHERE {}"),
    ("a.job_id = ? OR (a.source_id =", "SELECT 1 FROM alerts a WHERE {}"),
    ("organisation_id = ? AND name IN", "SELECT id FROM sensors WHERE {}"),
];

/// Pieces of which [`VARIABLES`] has examples.
const COVERED: &[&str] = &[
    "AND {condition}",
    "OR",
    ") OR (",
    "UNION ALL",
    "{column} IN ({{}})",
    "WHEN ?1 THEN ?{}",
    "{name} = CASE id {values} ELSE {name} END",
];

/// Statements that name no organisation: the probe of readiness reads the first row of each table, and a check counts rows
/// of all organisations.
const OF_NO_ORGANISATION: &[&str] = &[
    "SELECT (SELECT name FROM organisations LIMIT 1)",
    "SELECT count(*) FROM reading_series r WHERE sensor_id IS NOT NULL AND NOT EXISTS",
    "SELECT s.source_id, min(s.source_name) AS source, count(*) AS runs",
    "SELECT id FROM series WHERE id >",
    "SELECT count(*) FROM readings",
];

/// Expressions that PostgreSQL refuses, or interprets differently, although the parser accepts them.
const REFUSED: &[(&str, &str)] = &[
    (
        r"\bIS (NOT )?(\$|[a-z])",
        "IS compares with NULL, TRUE and FALSE only: IS NOT DISTINCT FROM",
    ),
    (r"\$\d+ IS (NOT )?NULL", "a parameter without a type: CAST it"),
    (
        r"SELECT DISTINCT .* ORDER BY",
        "SELECT DISTINCT cannot be ordered by what is not selected",
    ),
    (r"(?i)\b(min|max) ?\([^()]*,", "min and max have one argument: CASE"),
    (
        r"(?i)\b(min|max) ?\((\w+\.)?(\w+_)?id\)",
        "ids have no least one: ORDER BY and LIMIT 1",
    ),
    (r"(?i)\b[xb]'", "a blob as SQLite writes it: a parameter"),
    (
        r"(?i)\b(strftime|julianday|datetime|unixepoch|json_\w+|group_concat|ifnull|iif|typeof|hex|zeroblob|randomblob|printf|instr|total|changes|last_insert_rowid|glob|likely|unlikely) ?\(",
        "a function of SQLite's own",
    ),
    (
        r"(?i)\b(rowid|_rowid_|sqlite_\w+|pragma|vacuum|indexed by|glob|insert or|update or|replace into|without rowid|autoincrement)\b",
        "SQLite's own words",
    ),
    (r"==|`", "SQLite's own signs"),
    (r"(?i)\blimit (-1|[^ ),]+,)", "LIMIT has one number"),
    (
        r"VALUES ?\(.*\(SELECT",
        "a subquery in VALUES, which a cluster refuses: INSERT ... SELECT",
    ),
];

/// Tables whose rows a cluster distributes by organisation, with the alias that may follow.
const TABLES: &str =
    r"(?i)\b(FROM|JOIN|INTO|UPDATE) (series|runs|reading_series|readings|posts)\b( AS)?(?: ([a-z])\b)?";

/// Compiles an expression.
fn regex(pattern: &'static str) -> Regex {
    static COMPILED: Mutex<BTreeMap<&str, Regex>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap();
    compiled
        .entry(pattern)
        .or_insert_with(|| Regex::new(pattern).unwrap())
        .clone()
}

/// Returns the faults of a statement.
fn faults(sql: &str) -> Vec<String> {
    let quoted = regex("'[^']*'");
    let numbered = regex(r"\?(\d*)");
    let number = |found: &Captures<'_>| format!("${}", if found[1].is_empty() { "1" } else { &found[1] });
    let sql = sql.replace("/*postgres", "").replace("*/", "");
    let sql = numbered.replace_all(&sql, number).into_owned();
    let mut faults = Vec::new();
    match Parser::parse_sql(&PostgreSqlDialect {}, &sql) {
        Ok(statements) if statements.len() == 1 => {}
        Ok(statements) => faults.push(format!("has {} statements", statements.len())),
        Err(error) => faults.push(error.to_string()),
    }
    // Words within texts are none of SQL; the sign before a text may be one.
    let bare = quoted.replace_all(&sql, "''");
    for (pattern, why) in REFUSED {
        if regex(pattern).is_match(&bare) {
            faults.push((*why).to_owned());
        }
    }
    if bare.matches("sum(").count() > bare.matches("CAST(sum(").count() {
        faults.push("sum is of another type there: CAST(sum(...) AS BIGINT)".to_owned());
    }
    if !is_statement(&bare) {
        faults.push("is no statement of a noun's file".to_owned());
    }
    let is_free = OF_NO_ORGANISATION.iter().any(|start| sql.starts_with(start));
    if !is_free {
        faults.extend(without_organisation(&bare));
    }
    faults
}

/// Returns a fault for each table of a statement, among those whose rows a cluster distributes by organisation, for which
/// the statement names no organisation.
fn without_organisation(sql: &str) -> Vec<String> {
    let tables: Vec<_> = regex(TABLES)
        .captures_iter(sql)
        .map(|found| (found[2].to_owned(), found.get(4).map(|alias| alias.as_str().to_owned())))
        .collect();
    let bare = regex(r"(^|[^.\w])organisation_id\b").find_iter(sql).count();
    let unnamed = tables.iter().filter(|(_, alias)| alias.is_none()).count();
    let named = tables
        .iter()
        .filter_map(|(table, alias)| Some((table, alias.as_ref()?)));
    let missing = named.filter(|(_, alias)| !sql.contains(&format!("{alias}.organisation_id")));
    let mut faults: Vec<_> = missing
        .map(|(table, alias)| format!("names no organisation_id of {table} {alias}"))
        .collect();
    if unnamed > bare {
        faults.push(format!("has {unnamed} tables, and names organisation_id {bare} times"));
    }
    faults
}

/// A file of `store`: its constants, and the texts in it that are SQL.
struct Source {
    name: String,
    constants: BTreeMap<String, String>,
    texts: Vec<String>,
}

impl Source {
    fn read(root: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let code = regex(r"(?m)^\s*//.*$").replace_all(code, "");
        let constant = regex(r#"(?s)const (\w+): &str =\s*"((?:[^"\\]|\\.)*)""#);
        let literal = regex(r#"(?s)"((?:[^"\\]|\\.)*)""#);
        let constants = constant.captures_iter(&code);
        Self {
            name: path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(),
            constants: constants
                .map(|found| (found[1].to_owned(), normal(&found[2])))
                .collect(),
            texts: literal.captures_iter(&code).map(|found| normal(&found[1])).collect(),
        }
    }

    /// Returns the possible values of a name in braces.
    fn values(&self, name: &str, all: &[Self]) -> Vec<String> {
        if let Some(constant) = self.constants.get(name) {
            return vec![constant.clone()];
        }
        let of = |(file, variable, _): &&(&str, &str, &[&str])| *file == self.name && *variable == name;
        if let Some((_, _, values)) = VARIABLES.iter().find(of) {
            return values.iter().map(|value| (*value).to_owned()).collect();
        }
        // A constant of another file of the folder, or else of any file.
        let folder = Path::new(&self.name).parent();
        let is_beside = |other: &&Self| Path::new(&other.name).parent() == folder;
        let constant = |other: &Self| other.constants.get(name).cloned();
        let mut found: Vec<_> = all.iter().filter(is_beside).filter_map(constant).collect();
        if found.is_empty() {
            found = all.iter().filter_map(constant).collect();
        }
        assert_eq!(found.len(), 1, "{}: say in this test what {{{name}}} may be", self.name);
        found
    }

    /// Returns the text with each name in braces replaced, once for each of its values.
    fn expanded(&self, text: &str, all: &[Self]) -> Vec<String> {
        let Some(found) = regex(r"\{(\w*)\}").captures(text) else {
            return vec![text.to_owned()];
        };
        let values = self.values(&found[1], all).into_iter();
        let replaced = values.map(|value| text.replacen(&found[0], &value, 1));
        replaced.flat_map(|text| self.expanded(&text, all)).collect()
    }
}

/// Returns the literal as one line with single spaces.
fn normal(literal: &str) -> String {
    let joined = regex(r"\\\n\s*").replace_all(literal, "").into_owned();
    joined.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_statement(text: &str) -> bool {
    regex(r"^(\{SELECT\}|(SELECT|INSERT|UPDATE|DELETE|WITH)\b)").is_match(text)
}

/// Returns whether a text is a part of SQL that is no statement by itself.
fn is_piece(text: &str) -> bool {
    let words =
        r"\b(AND|OR|SELECT|FROM|WHERE|SET|ORDER BY|IN|NULL|EXISTS|WHEN|CASE|UNION|NOT|LIMIT)\b|[a-z_]+ (=|<>) ('|\?)";
    !COVERED.contains(&text) && regex(words).is_match(text)
}

/// Folders whose statements are for one engine.
const ENGINES: [&str; 3] = ["store/sqlite", "store/postgres", "store/engine"];

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    // The tests of the writer run on SQLite.
    let writer_tests = root.join("writer/tests.rs");
    let (mut folders, mut sources) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if ENGINES.iter().any(|engine| path.ends_with(engine)) {
                    continue;
                }
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && path != writer_tests {
                sources.push(Source::read(&root, &path));
            }
        }
    }
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources
}

/// Returns the conditions of lists, which `filter.rs` adds to a statement when they are requested.
fn filtered(root: &Path) -> Vec<(String, String)> {
    let call = regex(r"(?s)\.(equal|owned_or_shared|compare|before|page|rows)\(\s*((?:[^()]|\([^()]*\))*)\)");
    let text = regex(r#""([^"]*)""#);
    let mut found = Vec::new();
    for source in sources().into_iter().filter(|source| source.name != "filter.rs") {
        let code = fs::read_to_string(root.join(&source.name)).unwrap();
        for chain in code.split("Filter::default()").skip(1) {
            let chain = chain.split("?;").next().unwrap().split("\n}").next().unwrap();
            let (mut conditions, mut order) = (Vec::new(), None);
            for call in call.captures_iter(chain) {
                let texts: Vec<_> = text.captures_iter(&call[2]).map(|found| found[1].to_owned()).collect();
                match (&call[1], texts.as_slice()) {
                    ("equal", [column]) => conditions.push(format!("{column} = ?1")),
                    ("owned_or_shared", [column]) => conditions.push(format!("{column} IS NULL OR {column} = ?1")),
                    ("compare", [relation]) => conditions.push(format!("{relation} ?1")),
                    ("before", [first, second]) => conditions.push(format!("({first}, {second}) < (?1, ?2)")),
                    ("page" | "rows", [.., last]) => order = Some(last.clone()),
                    (name, _) => panic!("{}: the test cannot read {name}({})", source.name, &call[2]),
                }
            }
            let order = order.unwrap_or_else(|| panic!("{}: a filter without an order: {chain}", source.name));
            let conditions = conditions.join(") AND (");
            let sql = format!("SELECT 1 FROM listed WHERE ({conditions}) ORDER BY {order} LIMIT ?1");
            found.push((source.name.clone(), sql));
        }
    }
    found
}

/// Returns every statement of `store`, with its file.
fn statements() -> Vec<(String, String)> {
    let sources = sources();
    let mut found = Vec::new();
    for source in &sources {
        for text in &source.texts {
            let whole = if is_statement(text) {
                text.clone()
            } else if let Some((_, frame)) = PIECES.iter().find(|(start, _)| text.starts_with(start)) {
                frame.replace("{}", text)
            } else {
                let is_constant = source.constants.values().any(|constant| constant == text);
                let is_known = is_constant || source.name == "filter.rs" || source.name == "set.rs" || !is_piece(text);
                assert!(
                    is_known,
                    "{}: say in this test what this is a part of: {text}",
                    source.name
                );
                continue;
            };
            // A beginning that others go on with.
            if !whole.ends_with("UNION ALL") {
                let expanded = source.expanded(&whole, &sources).into_iter();
                found.extend(expanded.map(|sql| (source.name.clone(), sql)));
            }
        }
    }
    found.extend(filtered(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")));
    found
}

#[test]
fn every_statement_is_for_both_engines_and_names_the_organisation() {
    let statements = statements();
    assert!(statements.len() > 150, "{} statements are not all", statements.len());
    let faulty = statements.iter().flat_map(|(file, sql)| {
        let faults = faults(sql).into_iter();
        faults.map(move |fault| format!("{file}: {fault}: {sql}"))
    });
    let faulty: Vec<_> = faulty.collect();
    assert!(faulty.is_empty(), "{faulty:#?}");
}

#[test]
fn statements_that_one_engine_refuses_would_be_found() {
    for sql in [
        "SELECT id FROM jobs WHERE location_id IS ?1",
        "SELECT id FROM jobs WHERE location_id IS NOT other",
        "SELECT id FROM jobs WHERE (?1 IS NULL OR name = ?1)",
        "SELECT DISTINCT job_id FROM health ORDER BY look_at",
        "SELECT max(since, look_at) FROM health",
        "SELECT min(d.webhook_id) FROM webhook_deliveries d",
        "SELECT id FROM jobs WHERE coalesce(location_id, x'') = ?1",
        "SELECT strftime('%s', 'now')",
        "SELECT value FROM json_each(?1)",
        "SELECT rowid FROM jobs",
        "INSERT OR IGNORE INTO jobs (id) VALUES (?1)",
        "PRAGMA user_version",
        "SELECT id FROM jobs WHERE name == ?1",
        "SELECT id FROM jobs LIMIT ?1, ?2",
        "INSERT INTO reports (number) VALUES ((SELECT max(number) FROM reports))",
        "SELECT sum(number) FROM reports",
        "SELECT id FROM series WHERE job_id = ?1",
        "SELECT count(*) FROM jobs j JOIN runs r ON r.series_id = ?1",
        "INSERT INTO readings (series_id) VALUES (?1)",
        "UPDATE reading_series SET sensor_id = NULL WHERE sensor_id = ?1",
        "DELETE FROM runs WHERE series_id = ?1",
        "SELECT count FROM runs WHERE series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?2)",
        "SELECT r.count FROM series s JOIN runs r ON r.series_id = s.id WHERE s.organisation_id = ?1",
        "CREATE TABLE a (b INTEGER) STRICT",
        "SELECT id FROM jobs; SELECT id FROM jobs",
        "SELECT id FROM",
    ] {
        assert!(!faults(sql).is_empty(), "{sql}");
    }
    for sql in [
        "SELECT id FROM jobs WHERE location_id IS NOT DISTINCT FROM ?1 AND name IS NOT NULL",
        "SELECT CAST(sum(number) AS BIGINT), max(number) FROM reports WHERE message = 'x IS y'",
        "SELECT id FROM series WHERE job_id = ?1 AND organisation_id = ?2",
        "SELECT r.count FROM series s JOIN runs r ON r.series_id = s.id /*postgres AND r.organisation_id = s.organisation_id */
            WHERE s.organisation_id = ?1",
    ] {
        assert!(faults(sql).is_empty(), "{sql}: {:?}", faults(sql));
    }
}
