//! `retention`: deletes expired data in the database itself; the server may be running.

use super::{Failure, Outcome, database::open_existing, print, runtime, say};
use crate::{
    config::Settings,
    domain::{Error, retention::Swept},
    service::{App, audit, clock, retention, throttle::Pace},
};

/// Deletes expired data and prints the numbers of deleted rows. With `dry_run` it prints only the numbers of rows that
/// would be deleted.
pub fn run(settings: &Settings, dry_run: bool) -> Outcome {
    let app = open_existing(settings)?;
    let days = settings.retention.audit_days;
    runtime()?.block_on(async {
        if dry_run {
            count(&app, days).await
        } else {
            let swept = sweep(&app, days).await;
            swept.map_err(|error| Failure(error.to_string()))
        }
    })
}

async fn sweep(app: &App, days: u64) -> Result<(), Error> {
    let before = retention::file_bytes(app)?;
    // Whoever runs this command has checked the clock, so the server trusts the clock from now on.
    let doubt = clock::look(app)?.err();
    let now = clock::accept(app).await?;
    if doubt.is_some() {
        say(&format!("accepted the clock: {now}"));
    }
    // A running server uses the same file, and its requests must not wait for the deletion.
    let swept = retention::sweep(app, now, Pace::Gentle).await?;
    let entries = audit::sweep(app, now, days, Pace::Gentle).await?;
    let after = retention::file_bytes(app)?;
    say(&format!("deleted  {}", told(swept, entries)));
    say(&format!("file     {before} bytes before, {after} after"));
    Ok(())
}

async fn count(app: &App, days: u64) -> Outcome {
    let failed = |error: Error| Failure(error.to_string());
    let mut all = Swept::default();
    for found in retention::expired(app).await.map_err(failed)? {
        let (told, source) = (told(found.expired, 0), found.source);
        print(&format!("{}  {source}: {told}", found.source_id))?;
        all += found.expired;
    }
    let now = app.now();
    let entries = audit::expired(app, now, days).await.map_err(failed)?;
    let bytes = retention::file_bytes(app).map_err(failed)?;
    print(&format!("would delete  {}", told(all, entries)))?;
    print(&format!("file          {bytes} bytes"))?;
    match clock::look(app).map_err(failed)? {
        Ok(_) => Ok(()),
        Err(doubt) => print(&format!("postponed     {doubt}")),
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
