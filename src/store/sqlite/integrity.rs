//! Whether a database file is whole: what SQLite can tell, and what only the product knows of its own rows. Nothing is
//! changed, and a server may be at work on the file.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Read,
    path::Path,
};

use rusqlite::{OpenFlags, Row, config::DbConfig};

use super::{
    backup::beside,
    errors::OpenError,
    migrations,
    pool::{Access, uri},
    settings::BUSY_TIMEOUT,
};
use crate::{
    domain::{
        Timestamp, audit::AuditEntry, location::Location, organisation::Organisation, prediction::Point,
        sensor::Sensor, source::Source, source_version::SourceVersion, token::Token, webhook::Webhook,
    },
    store::{engine::Connection, payload, reading, row::FromRow},
};

/// How many faults are told; more are counted.
const MOST_FAULTS: usize = 100;

/// What was looked at, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Report {
    /// The schema version that the file has.
    pub schema: i64,
    /// Whether it is this program's: of an earlier one only what SQLite can tell was checked.
    pub is_current: bool,
    /// How many rows of the catalogue there are.
    pub catalogue: u64,
    /// How many runs.
    pub runs: u64,
    /// How many predictions they hold, revisions counted.
    pub predictions: u64,
    /// How many readings, revisions counted.
    pub readings: u64,
    /// The first faults, each with its place.
    pub faults: Vec<String>,
    /// How many more there are.
    pub more_faults: u64,
    /// The first oddities that a clock that was wrong leaves behind; the data are whole.
    pub warnings: Vec<String>,
    /// How many more there are.
    pub more_warnings: u64,
}

impl Report {
    fn fault(&mut self, fault: impl Into<String>) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault.into());
        } else {
            self.more_faults += 1;
        }
    }

    fn warn(&mut self, warning: String) {
        if self.warnings.len() < MOST_FAULTS {
            self.warnings.push(warning);
        } else {
            self.more_warnings += 1;
        }
    }

    /// Notes that a part could not be looked at to its end.
    fn unreadable(&mut self, what: &str, outcome: rusqlite::Result<()>) {
        if let Err(error) = outcome {
            self.fault(format!("{what} cannot be read: {error}"));
        }
    }
}

/// Checks the database file.
///
/// # Errors
/// It is no database of this product, it is newer than this program, or it cannot be opened. What is wrong inside of it
/// is in the report.
pub fn check(path: &Path) -> Result<Report, OpenError> {
    let (connection, schema) = open(path)?;
    if schema == 0 {
        return Err(OpenError::Empty);
    }
    let mut report = Report {
        schema,
        is_current: schema == migrations::newest(),
        ..Report::default()
    };
    let outcome = file(&connection, &mut report);
    report.unreadable("the file", outcome);
    let outcome = references(&connection, &mut report);
    report.unreadable("a table", outcome);
    if report.is_current {
        catalogue(&connection, &mut report);
        let outcome = runs(&connection, &mut report);
        report.unreadable("the runs", outcome);
        let outcome = readings(&connection, &mut report);
        report.unreadable("the readings", outcome);
    }
    Ok(report)
}

/// Opens the file to read it, whatever it lies on.
fn open(path: &Path) -> Result<(Connection, i64), OpenError> {
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = |path: &Path, flags| {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(connection)
    };
    let schema = |connection: Connection| {
        let schema = migrations::check(&connection)?;
        Ok((connection, schema))
    };
    let opened = open(path, read_only).map_err(OpenError::Sqlite);
    let error = match opened.and_then(schema) {
        Err(error) if error.is_of_the_disk() => error,
        opened => return opened,
    };
    // On a full disk or a medium that is only read, the files beside the database cannot be made.
    if let Ok(connection) = Access::WithoutRoom.open(path) {
        let opened = schema(connection);
        if opened.is_ok() {
            return opened;
        }
    }
    let log = fs::metadata(beside(path, "-wal")).map_or(0, |log| log.len());
    let parameters = if log > 0 { "vfs=unix-none" } else { "immutable=1" };
    let alone = open(&uri(path, parameters), read_only | OpenFlags::SQLITE_OPEN_URI).and_then(|connection| {
        // Then the index of the log is made in memory.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(connection)
    });
    match alone.map_err(OpenError::Sqlite).and_then(schema) {
        Err(_) => Err(error),
        opened => opened,
    }
}

/// What a file is that is no SQLite database, as far as its beginning says.
pub fn kind_of(path: &Path) -> Option<&'static str> {
    let mut begin = [0; 512];
    let length = File::open(path).and_then(|mut file| file.read(&mut begin)).ok()?;
    let begin = &begin[..length];
    let kinds: [(&[u8], &str); 7] = [
        (b"\x1f\x8b", "a gzip file: decompress it first"),
        (b"\x28\xb5\x2f\xfd", "a zstd file: decompress it first"),
        (b"\xfd7zXZ", "an xz file: decompress it first"),
        (b"PK\x03\x04", "a zip file: unpack it first"),
        (
            b"\x37\x7f\x06\x82",
            "the write-ahead log of a database: check the database itself",
        ),
        (
            b"\x37\x7f\x06\x83",
            "the write-ahead log of a database: check the database itself",
        ),
        (b"\x7fELF", "a program"),
    ];
    let known = kinds
        .iter()
        .find_map(|(magic, kind)| begin.starts_with(magic).then_some(*kind));
    let is_text = || {
        let is_printed = |byte: &u8| !byte.is_ascii_control() || byte.is_ascii_whitespace();
        !begin.is_empty() && begin.iter().all(is_printed)
    };
    known.or_else(|| is_text().then_some("a text file"))
}

/// The pages and the indexes.
fn file(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        for fault in line.lines().filter(|line| *line != "ok") {
            report.fault(format!("the file: {fault}"));
        }
    }
    Ok(())
}

/// The foreign keys.
fn references(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        report.fault(format!("a row of {table} names a row of {parent} that is not there"));
    }
    Ok(())
}

/// Every row of the catalogue decodes, and what jobs are bound to is there.
fn catalogue(connection: &Connection, report: &mut Report) {
    decode::<Organisation>(connection, "organisations", report);
    decode::<Token>(connection, "tokens", report);
    decode::<Location>(connection, "locations", report);
    decode::<Sensor>(connection, "sensors", report);
    decode::<Source>(connection, "sources", report);
    decode::<SourceVersion>(connection, "source_versions", report);
    decode::<Webhook>(connection, "webhooks", report);
    decode::<AuditEntry>(connection, "audit", report);
    let outcome = bindings(connection, report);
    report.unreadable("the jobs", outcome);
    let outcome = health(connection, report);
    report.unreadable("the health of jobs", outcome);
}

fn decode<T: FromRow>(connection: &Connection, table: &str, report: &mut Report) {
    let mut all = || {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
        let mut rows = statement.query([])?;
        let mut number = 0;
        while let Some(row) = rows.next()? {
            number += 1;
            report.catalogue += 1;
            if let Err(error) = T::from_row(row) {
                report.fault(format!("row {number} of {table}: {error}"));
            }
        }
        Ok(())
    };
    let outcome = all();
    report.unreadable(table, outcome);
}

fn bindings(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let jobs: i64 = connection.query_row("SELECT count(*) FROM jobs", [], |row| row.get(0))?;
    report.catalogue += jobs.unsigned_abs();
    let mut statement = connection.prepare(
        "SELECT j.name, b.role, b.input_type FROM role_bindings b JOIN jobs j ON j.id = b.job_id WHERE NOT CASE b.input_type
            WHEN 'sensor' THEN EXISTS (SELECT 1 FROM sensors i WHERE i.id = b.input_id)
            WHEN 'location' THEN EXISTS (SELECT 1 FROM locations i WHERE i.id = b.input_id)
            WHEN 'source' THEN EXISTS (SELECT 1 FROM sources i WHERE i.id = b.input_id) ELSE 0 END",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (job, role, kind): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        report.fault(format!(
            "the job {job} binds the role {role} to a {kind} that is not there"
        ));
    }
    Ok(())
}

/// Every job is judged as a whole and by each of its targets.
fn health(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT j.name, r.role FROM jobs j JOIN (
                SELECT id, '' AS role FROM jobs
                UNION ALL SELECT j.id, json_extract(r.value, '$.role') FROM jobs j
                    JOIN source_versions v ON v.id = j.source_version_id, json_each(v.output_roles) r
            ) r ON r.id = j.id
            WHERE NOT EXISTS (SELECT 1 FROM health h WHERE h.job_id = j.id AND h.role = r.role)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (job, role): (String, String) = (row.get(0)?, row.get(1)?);
        let of = if role.is_empty() {
            String::new()
        } else {
            format!("'s target {role}")
        };
        report.fault(format!("the health of the job {job}{of} is not there"));
    }
    Ok(())
}

/// A run beside what its series knows.
struct Kept {
    series: i64,
    issue_time: Timestamp,
    revision: i64,
    available_at: Timestamp,
    valid_from: Timestamp,
    valid_to: Timestamp,
    count: i64,
    payload: Vec<u8>,
    known: Option<Known>,
}

/// What a series knows of all its runs, and of what is not withdrawn of them. Runs that have expired are gone and it still
/// knows of them: it may reach further than what is left.
#[derive(Clone, Copy)]
struct Known {
    newest_issue: i64,
    covers_until: i64,
    ends_at: Timestamp,
    shortest_lead: i64,
    longest_lead: i64,
}

impl FromRow for Kept {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let known = |newest_issue| -> rusqlite::Result<Known> {
            Ok(Known {
                newest_issue,
                covers_until: row.get(9)?,
                ends_at: row.get(10)?,
                shortest_lead: row.get(11)?,
                longest_lead: row.get(12)?,
            })
        };
        let newest: Option<i64> = row.get(8)?;
        Ok(Self {
            series: row.get(0)?,
            issue_time: row.get(1)?,
            revision: row.get(2)?,
            available_at: row.get(3)?,
            valid_from: row.get(4)?,
            valid_to: row.get(5)?,
            count: row.get(6)?,
            payload: row.get(7)?,
            known: newest.map(known).transpose()?,
        })
    }
}

impl Kept {
    /// What is wrong with it.
    fn fault(&self, unknown: &mut Unknown) -> Option<&'static str> {
        self.payload_fault(unknown).or_else(|| self.series_fault())
    }

    fn payload_fault(&self, unknown: &mut Unknown) -> Option<&'static str> {
        let points = match payload::decode(&self.payload, self.valid_from) {
            Ok(points) => points,
            Err(fault) => return Some(fault),
        };
        let (mut count, mut last) = (0, None);
        for point in points {
            let point = match point {
                Ok(point) => point,
                Err(fault) => return Some(fault),
            };
            if last.is_some_and(|last| last >= point.valid_time) {
                return Some("its valid times are in disorder");
            }
            if point.value.is_some_and(|value| !value.is_finite()) {
                return Some("it has a value that is no number");
            }
            if count == 0 && point.valid_time != self.valid_from {
                return Some("it does not begin at its valid_from");
            }
            (count, last) = (count + 1, Some(point.valid_time));
            unknown.note(self, &point);
        }
        if count != self.count {
            return Some("it has another number of points than its count");
        }
        (last != Some(self.valid_to)).then_some("it does not end at its valid_to")
    }

    fn series_fault(&self) -> Option<&'static str> {
        let Some(known) = &self.known else {
            return Some("its series is gone");
        };
        let lead = |time: Timestamp| time.micros() - self.issue_time.micros();
        if self.valid_to > known.ends_at {
            Some("it reaches beyond its series' ends_at")
        } else if lead(self.valid_from) < known.shortest_lead {
            Some("its lead is below its series' shortest_lead")
        } else if lead(self.valid_to) > known.longest_lead {
            Some("its lead is above its series' longest_lead")
        } else {
            None
        }
    }

    /// What a clock that was wrong did to it: the run before it in the same issue arrived at `before`.
    fn oddity(&self, before: Option<Timestamp>) -> Option<&'static str> {
        before
            .is_some_and(|before| self.available_at < before)
            .then_some("it came before the revision that it follows")
    }
}

/// The points of an issue that its series does not know to be there, as its revisions leave them.
#[derive(Default)]
struct Unknown {
    /// The series and the issue.
    of: Option<(i64, Timestamp)>,
    newer: BTreeSet<Timestamp>,
    beyond: BTreeSet<Timestamp>,
}

impl Unknown {
    /// Ends the issue before, if the next run is of another or there is none, and says what is wrong with it.
    fn end(&mut self, next: Option<(i64, Timestamp)>) -> Option<String> {
        if self.of == next {
            return None;
        }
        let ended = std::mem::take(self);
        self.of = next;
        let (series, issue_time) = ended.of?;
        let fault = match (ended.newer.is_empty(), ended.beyond.is_empty()) {
            (false, _) => "it is newer than its series' newest_issue",
            (true, false) => "it reaches beyond its series' covers_until",
            (true, true) => return None,
        };
        Some(format!("the run of series {series} issued at {issue_time}: {fault}"))
    }

    fn note(&mut self, run: &Kept, point: &Point) {
        let Some(known) = run.known else { return };
        let note = |is_unknown: bool, found: &mut BTreeSet<Timestamp>| {
            if point.value.is_none() {
                found.remove(&point.valid_time);
            } else if is_unknown {
                found.insert(point.valid_time);
            }
        };
        note(run.issue_time.micros() > known.newest_issue, &mut self.newer);
        note(point.valid_time.micros() > known.covers_until, &mut self.beyond);
    }
}

fn runs(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT r.series_id, r.issue_time, r.revision, r.available_at, r.valid_from, r.valid_to, r.count, r.payload,
            s.newest_issue, s.covers_until, s.ends_at, s.shortest_lead, s.longest_lead
            FROM runs r LEFT JOIN series s ON s.id = r.series_id ORDER BY r.series_id, r.issue_time, r.revision",
    )?;
    let mut rows = statement.query([])?;
    let mut before: Option<(i64, Timestamp, Timestamp)> = None;
    let mut unknown = Unknown::default();
    while let Some(row) = rows.next()? {
        report.runs += 1;
        match Kept::from_row(row) {
            Ok(run) => {
                report.predictions += run.count.unsigned_abs();
                if let Some(fault) = unknown.end(Some((run.series, run.issue_time))) {
                    report.fault(fault);
                }
                let place = || {
                    let (series, issue, revision) = (run.series, run.issue_time, run.revision);
                    format!("the run of series {series} issued at {issue}, revision {revision}")
                };
                let of = |(series, issue, _): &(i64, Timestamp, Timestamp)| {
                    (*series, *issue) == (run.series, run.issue_time)
                };
                let arrived = before.filter(of).map(|(_, _, arrived)| arrived);
                if let Some(fault) = run.fault(&mut unknown) {
                    report.fault(format!("{}: {fault}", place()));
                } else if let Some(oddity) = run.oddity(arrived) {
                    report.warn(format!("{}: {oddity}; a clock was wrong", place()));
                }
                before = Some((run.series, run.issue_time, run.available_at));
            }
            Err(error) => report.fault(format!("run {} cannot be read: {error}", report.runs)),
        }
    }
    if let Some(fault) = unknown.end(None) {
        report.fault(fault);
    }
    Ok(())
}

fn readings(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT r.series_id, r.time, r.revision, r.value, s.id IS NULL, s.sensor_id IS NULL
            FROM readings r LEFT JOIN reading_series s ON s.id = r.series_id ORDER BY r.series_id, r.time, r.revision",
    )?;
    let mut rows = statement.query([])?;
    let mut before: Option<(i64, Timestamp, i64)> = None;
    while let Some(row) = rows.next()? {
        report.readings += 1;
        let (series, time, revision): (i64, Timestamp, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (value, is_lost, is_leaving): (f64, bool, bool) = (row.get(3)?, row.get(4)?, row.get(5)?);
        let expected = match before {
            Some((of, at, revision)) if (of, at) == (series, time) => revision + 1,
            _ => 1,
        };
        before = Some((series, time, revision));
        let fault = if is_lost {
            "its series is gone"
        } else if reading::is_withdrawn(value) && revision == 1 && !is_leaving {
            "it withdraws nothing"
        } else if !value.is_finite() && !reading::is_withdrawn(value) {
            "its value is no number"
        } else if revision != expected && !is_leaving {
            "a revision before it is gone"
        } else {
            continue;
        };
        report.fault(format!(
            "the reading of series {series} at {time}, revision {revision}: {fault}"
        ));
    }
    let lost = "SELECT count(*) FROM reading_series r WHERE sensor_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM sensors s WHERE s.id = r.sensor_id)";
    let lost: i64 = connection.query_row(lost, [], |row| row.get(0))?;
    if lost > 0 {
        report.fault(format!("the readings of {lost} sensors have outlived their sensors"));
    }
    Ok(())
}
