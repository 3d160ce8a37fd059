//! `retention`: deletes expired data in the database itself; the server may be running.

use serde::Serialize;

use super::{
    Failure, Outcome,
    database::open_existing,
    listing::{Json, print_json},
    print, runtime, say,
};
use crate::{
    config::Settings,
    domain::{
        Error, Timestamp,
        retention::{ExpiredOfSource, Swept},
    },
    service::{App, audit, clock, retention, throttle::Pace},
};

/// The data that would be deleted, as JSON.
#[derive(Serialize)]
struct Expired {
    sources: Vec<ExpiredOfSource>,
    audit_entries: u64,
    bytes: i64,
    /// The reason why deletion is postponed; absent if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    postponed: Option<String>,
}

/// The deleted data, as JSON.
#[derive(Serialize)]
struct Deleted {
    /// The time that the clock showed, if it was not trusted before.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_clock: Option<Timestamp>,
    #[serde(flatten)]
    swept: Swept,
    audit_entries: u64,
    bytes_before: i64,
    bytes_after: i64,
}

/// Deletes expired data and prints the numbers of deleted rows. With `dry_run` it prints only the numbers of rows that
/// would be deleted.
pub fn run(settings: &Settings, dry_run: bool, json: Json) -> Outcome {
    let app = open_existing(settings)?;
    let days = settings.retention.audit_days;
    runtime()?.block_on(async {
        if dry_run {
            let expired = count(&app, days).await;
            show_expired(&expired.map_err(|error| Failure(error.to_string()))?, json)
        } else {
            let deleted = sweep(&app, days).await;
            show_deleted(&deleted.map_err(|error| Failure(error.to_string()))?, json)
        }
    })
}

async fn sweep(app: &App, days: u64) -> Result<Deleted, Error> {
    let bytes_before = retention::file_bytes(app)?;
    // Whoever runs this command has checked the clock, so the server trusts the clock from now on.
    let doubt = clock::look(app)?.err();
    let now = clock::accept(app).await?;
    // A running server uses the same file, and its requests must not wait for the deletion.
    let swept = retention::sweep(app, now, Pace::Gentle).await?;
    let audit_entries = audit::sweep(app, now, days, Pace::Gentle).await?;
    Ok(Deleted {
        accepted_clock: doubt.map(|_| now),
        swept,
        audit_entries,
        bytes_before,
        bytes_after: retention::file_bytes(app)?,
    })
}

fn show_deleted(deleted: &Deleted, json: Json) -> Outcome {
    if json.json {
        return print_json(deleted);
    }
    if let Some(now) = deleted.accepted_clock {
        say(&format!("accepted the clock: {now}"));
    }
    let (before, after) = (deleted.bytes_before, deleted.bytes_after);
    say(&format!("deleted  {}", told(deleted.swept, deleted.audit_entries)));
    say(&format!("file     {before} bytes before, {after} after"));
    Ok(())
}

async fn count(app: &App, days: u64) -> Result<Expired, Error> {
    Ok(Expired {
        sources: retention::expired(app).await?,
        audit_entries: audit::expired(app, app.now(), days).await?,
        bytes: retention::file_bytes(app)?,
        postponed: clock::look(app)?.err().map(|doubt| doubt.to_string()),
    })
}

fn show_expired(expired: &Expired, json: Json) -> Outcome {
    if json.json {
        return print_json(expired);
    }
    let mut all = Swept::default();
    for found in &expired.sources {
        let (told, source) = (told(found.expired, 0), &found.source);
        print(&format!("{}  {source}: {told}", found.source_id))?;
        all += found.expired;
    }
    print(&format!("would delete  {}", told(all, expired.audit_entries)))?;
    print(&format!("file          {} bytes", expired.bytes))?;
    match &expired.postponed {
        None => Ok(()),
        Some(doubt) => print(&format!("postponed     {doubt}")),
    }
}

fn told(swept: Swept, entries: u64) -> String {
    let Swept {
        runs,
        predictions,
        readings,
    } = swept;
    let mut told = format!("{predictions} predictions in {runs} runs");
    if readings > 0 {
        told += &format!(", {readings} readings");
    }
    if entries > 0 {
        told += &format!(", {entries} entries of the audit trail");
    }
    told
}
