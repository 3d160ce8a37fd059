//! Stores the lines of an export in an empty database, or goes on where an interrupted import of the same export ended.
//!
//! Lines are stored in transactions of many lines. Each stores how far the import has come, with the SHA-256 of all
//! lines so far, so that an import goes on only with the same lines.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::BufRead,
    num::NonZero,
};

use super::input::{Lines, refused};
use crate::{
    domain::{
        Error, Result, Timestamp,
        transfer::{End, FORMAT, Head, KINDS, Line, VERSION, kind_of},
    },
    service::App,
    store::{
        engine::Transaction,
        health,
        transfer::{
            Writer, number_on,
            progress::{self, Progress},
            schema,
        },
    },
};

/// The size at which lines are stored together.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// The number of lines.
    pub lines: NonZero<usize>,
    /// The number of bytes.
    pub bytes: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            lines: NonZero::new(5000).unwrap_or(NonZero::<usize>::MIN),
            bytes: 4 * 1024 * 1024,
        }
    }
}

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The number of lines of each kind in the export.
    pub lines: Vec<(&'static str, u64)>,
    /// The number of lines that an earlier import had stored, with the head.
    pub resumed_after: u64,
    /// The time at which the export was imported before, so that nothing was changed.
    pub finished_before: Option<Timestamp>,
}

/// Imports an export. `told` is called with the number of lines after each transaction.
///
/// # Errors
/// Conflict: the database has other data, or a line is wrong, with the number of the line and the reason. Unavailable:
/// the database cannot be written. What complete transactions have stored remains.
pub async fn import(app: &App, input: impl BufRead, batch: Batch, told: impl Fn(u64)) -> Result<Imported> {
    let mut lines = Lines::new(input);
    let head = head(&mut lines)?;
    let (begun, is_empty) = app
        .read_unmapped(|connection, _| Ok((progress::find(connection)?, progress::is_empty(connection)?)))
        .await?;
    let mut counts = Counts::default();
    let mut imported = Imported {
        lines: Vec::new(),
        resumed_after: 0,
        finished_before: None,
    };
    if let Some(begun) = begun {
        go_on(&mut lines, &begun, &head, &mut counts)?;
        imported.resumed_after = begun.lines;
        imported.finished_before = begun.finished_at;
    } else if !is_empty {
        return Err(taken("the database has data already"));
    }
    if imported.finished_before.is_none() {
        let stored = store(app, &mut lines, &head, batch, &mut counts, told).await;
        stored.map_err(|error| with_hint(error, &head))?;
    }
    if lines.next()?.is_some() {
        return Err(refused(lines.read, "follows the end"));
    }
    imported.lines = counts.listed();
    Ok(imported)
}

/// Returns the export whose import into the database was begun and not completed. `None` if there is none.
///
/// # Errors
/// Unavailable: the database cannot be read.
pub fn unfinished(app: &App) -> Result<Option<Head>> {
    let found = app.read_inline(|connection, _| progress::find(connection))?;
    let open = found.filter(|found| found.finished_at.is_none());
    Ok(open.and_then(|open| parsed(&open.head)))
}

/// Reads and checks the first line, and returns its text.
fn head(lines: &mut Lines<impl BufRead>) -> Result<String> {
    let Some(text) = lines.next()? else {
        return Err(refused(1, "is missing: the file is empty"));
    };
    let Some(head) = parsed(text).filter(|head| head.format == FORMAT) else {
        return Err(refused(1, "is not the head of an export of prediction-api"));
    };
    if head.version > VERSION {
        return Err(refused(
            1,
            format!(
                "has version {} of the format, and this program reads versions up to {VERSION}: use a newer \
                 prediction-api",
                head.version
            ),
        ));
    }
    Ok(text.to_owned())
}

/// Adds to an error that a newer program wrote the export, if it did: it may know kinds and members that are unknown here.
fn with_hint(error: Error, head: &str) -> Error {
    match (error, parsed(head)) {
        (Error::Conflict { detail, .. }, Some(head)) if head.schema > schema() => Error::conflict(
            format!(
                "{detail}; the export is of prediction-api {}, whose schema version {} is newer than {}: use that or a \
                 newer one",
                head.product,
                head.schema,
                schema()
            ),
            None,
        ),
        (error, _) => error,
    }
}

fn parsed(text: &str) -> Option<Head> {
    match serde_json::from_str(text) {
        Ok(Line::Head(head)) => Some(head),
        _ => None,
    }
}

/// Reads the lines that are stored already.
fn go_on(lines: &mut Lines<impl BufRead>, begun: &Progress, head: &str, counts: &mut Counts) -> Result<()> {
    let of = || parsed(&begun.head).map_or_else(String::new, |head| format!(" of {}", head.exported_at));
    let what = if begun.finished_at.is_some() {
        "was imported into the database"
    } else {
        "is being imported into the database"
    };
    let other = || taken(&format!("another export{} {what}", of()));
    if begun.head != head {
        return Err(other());
    }
    while lines.read < begun.lines {
        let kind = lines.next()?.map(kind_of);
        counts.add(kind.flatten().ok_or_else(other)?);
    }
    if lines.hash() != begun.hash {
        return Err(other());
    }
    Ok(())
}

/// Stores the lines after those that were read, up to the end of the export.
async fn store(
    app: &App,
    lines: &mut Lines<impl BufRead>,
    head: &str,
    batch: Batch,
    counts: &mut Counts,
    told: impl Fn(u64),
) -> Result<()> {
    let mut storing: Option<tokio::task::JoinHandle<Result<u64>>> = None;
    let mut is_last = false;
    while !is_last {
        // The next lines are read while the lines before are stored.
        let next = take(lines, batch, counts);
        if let Some(before) = storing.take() {
            let stored = before.await;
            told(stored.map_err(|fault| Error::Internal(format!("an import failed: {fault}")))??);
        }
        let found = next?;
        is_last = matches!(found.last(), Some((_, Line::End(_))));
        let (head, read, hash) = (head.to_owned(), lines.read, lines.hash());
        let app = app.clone();
        storing = Some(tokio::spawn(async move {
            app.write_catalogue(move |tx, now| {
                insert(tx, &found)?;
                if is_last {
                    number_on(tx)?;
                    health::recount(tx, now)?;
                }
                let finished_at = is_last.then_some(now);
                progress::store(
                    tx,
                    &Progress {
                        head,
                        lines: read,
                        hash,
                        finished_at,
                    },
                )
            })
            .await?;
            Ok(read)
        }));
        if is_last && let Some(last) = storing.take() {
            let stored = last.await;
            told(stored.map_err(|fault| Error::Internal(format!("an import failed: {fault}")))??);
        }
    }
    Ok(())
}

/// Returns the next lines with their numbers, as many as are stored together.
fn take(lines: &mut Lines<impl BufRead>, batch: Batch, counts: &mut Counts) -> Result<Vec<(u64, Line)>> {
    let (mut found, mut bytes) = (Vec::with_capacity(batch.lines.get()), 0);
    while found.len() < batch.lines.get() && bytes < batch.bytes {
        let number = lines.read + 1;
        let Some(text) = lines.next()? else {
            return Err(refused(
                number,
                "is missing: the file is incomplete, since its last line is the end",
            ));
        };
        bytes += text.len();
        if text.is_empty() {
            return Err(refused(number, "is empty"));
        }
        let line = serde_json::from_str(text).map_err(|error| refused(number, unreadable(&error)))?;
        match &line {
            Line::Head(_) => return Err(refused(number, "is a second head")),
            Line::End(end) => {
                counts.check(end).map_err(|reason| refused(number, reason))?;
                found.push((number, line));
                break;
            }
            other => counts.add(other.kind()),
        }
        found.push((number, line));
    }
    Ok(found)
}

fn insert(tx: &Transaction<'_>, lines: &[(u64, Line)]) -> Result<()> {
    let mut writer = Writer::default();
    for (number, line) in lines {
        writer.insert(tx, line).map_err(|error| match error {
            Error::Invalid(violations) => {
                let reasons: Vec<_> = violations.into_iter().map(|violation| violation.detail).collect();
                refused(*number, reasons.join("; "))
            }
            Error::Internal(reason) => refused(*number, format!("{}: {reason}", meaning(&reason))),
            other => other,
        })?;
    }
    Ok(())
}

/// Returns what the message of a database about a row means for a line.
fn meaning(reason: &str) -> &'static str {
    let reason = reason.to_ascii_lowercase();
    if reason.contains("foreign key") {
        "it refers to what no line before contains"
    } else if reason.contains("unique") {
        "a line before has the same key"
    } else {
        "the database refuses it"
    }
}

/// Returns the reason why a line cannot be read, with the column only, since a line has no lines.
fn unreadable(error: &serde_json::Error) -> String {
    let (text, place) = (
        error.to_string(),
        format!(" at line {} column {}", error.line(), error.column()),
    );
    let reason = text.strip_suffix(&place).unwrap_or(&text);
    format!("{reason} (column {})", error.column())
}

fn taken(reason: &str) -> Error {
    Error::conflict(format!("{reason}: import into a new folder with --data-dir"), None)
}

/// The numbers of lines by kind, without head and end.
#[derive(Default)]
struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    fn add(&mut self, kind: &'static str) {
        if !matches!(kind, "head" | "end") {
            *self.0.entry(kind).or_default() += 1;
        }
    }

    /// Compares the counts with those that the end of the export has.
    fn check(&self, end: &End) -> std::result::Result<(), String> {
        let found = |kind: &str| self.0.get(kind).copied().unwrap_or_default();
        let expected = |kind: &str| end.lines.get(kind).copied().unwrap_or_default();
        let kinds: BTreeSet<_> = end
            .lines
            .keys()
            .map(String::as_str)
            .chain(self.0.keys().copied())
            .collect();
        let differing = kinds.into_iter().filter(|kind| found(kind) != expected(kind));
        let listed: Vec<_> = differing
            .map(|kind| format!("{} of {} {kind}", found(kind), expected(kind)))
            .collect();
        if listed.is_empty() {
            return Ok(());
        }
        Err(format!("counts other lines than the file has: {}", listed.join(", ")))
    }

    fn listed(&self) -> Vec<(&'static str, u64)> {
        let count = |kind: &&'static str| Some((*kind, *self.0.get(kind)?));
        KINDS.iter().filter_map(count).collect()
    }
}
