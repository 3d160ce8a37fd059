//! Checks of the database: its engine, its version, its clock and its tokens.

use std::fs;

use super::Finding;
use crate::{
    cli::{
        Failure,
        database::{RESTORE, file_of, name_of, open_existing, options},
        serve::ADMIN_TOKEN,
        token::{all, is_valid_admin},
    },
    config::Settings,
    domain::{Error, Timestamp},
    service::{App, clock, system_clock, token},
    store::{postgres, sqlite::integrity},
};

const DATABASE: &str = "database";
const CLOCK: &str = "clock";
const TOKENS: &str = "admin token";

/// The beginning of 2020, in microseconds. No clock is right that shows an earlier time.
const OLDEST: i64 = 1_577_836_800_000_000;

/// Checks whether the database can be opened, and its schema version. An older database is not migrated.
pub fn schema(settings: &Settings) -> Vec<Finding> {
    let name = name_of(settings);
    let (engine, found) = match settings.storage.is_postgres() {
        true => {
            let found = postgres::schema(&options(settings));
            ("PostgreSQL", found.map_err(|error| error.to_string()))
        }
        false if !file_of(settings).exists() => ("SQLite", Ok((None, 0))),
        false => {
            let found = integrity::schema(&file_of(settings)).map_err(|error| {
                let cure = if error.is_damage() { RESTORE } else { "" };
                format!("{error}{cure}")
            });
            ("SQLite", found.map(|(found, newest)| (Some(found), newest)))
        }
    };
    vec![match found {
        Err(error) => Finding::error(DATABASE, format!("cannot open {name}: {error}")),
        Ok((None, _)) => Finding::ok(
            DATABASE,
            format!("{engine}, {name} has no data yet; the first start creates it"),
        ),
        Ok((Some(version), newest)) if version < newest => Finding::warning(
            DATABASE,
            format!(
                "{engine}, {name} has schema version {version} of an earlier release: make a backup; the next start \
                 migrates it to version {newest}"
            ),
        ),
        Ok((Some(version), _)) => Finding::ok(DATABASE, format!("{engine}, schema version {version}, {name}")),
    }]
}

/// Checks the clock and the tokens, by a database that is up to date.
pub async fn contents(settings: &Settings) -> Vec<Finding> {
    let is_current = match settings.storage.is_postgres() {
        true => postgres::schema(&options(settings)).is_ok_and(|(found, newest)| found == Some(newest)),
        false => integrity::schema(&file_of(settings)).is_ok_and(|(found, newest)| found == newest),
    };
    if !is_current {
        return vec![time(system_clock()(), Ok(Vec::new()))];
    }
    let app = match open_existing(settings) {
        Ok(app) => app,
        Err(Failure(fault)) => return vec![Finding::error(DATABASE, fault)],
    };
    vec![time(app.now(), clock::warnings(&app)), tokens(&app, settings).await]
}

fn time(now: Timestamp, warnings: Result<Vec<String>, Error>) -> Finding {
    match warnings {
        Err(error) => Finding::error(CLOCK, error.to_string()),
        Ok(warnings) if !warnings.is_empty() => Finding::warning(CLOCK, warnings.join("; ")),
        Ok(_) if now.micros() < OLDEST => {
            Finding::warning(CLOCK, format!("it shows {now}, which is too early: set it"))
        }
        Ok(_) => Finding::ok(CLOCK, format!("it shows {now}")),
    }
}

/// Checks that an admin can do something, and that the file of the first admin token is of use.
async fn tokens(app: &App, settings: &Settings) -> Finding {
    let found = match all(app).await {
        Ok(found) => found,
        Err(Failure(fault)) => return Finding::error(TOKENS, fault),
    };
    let now = app.now();
    if found.is_empty() {
        return Finding::ok(TOKENS, "there is no token yet; the next start creates an admin token");
    }
    if !found.iter().any(|token| is_valid_admin(token, now)) {
        return Finding::warning(
            TOKENS,
            "no admin token is valid: `prediction-api token create NAME --role admin` creates one",
        );
    }
    let file = settings.data_dir.join(ADMIN_TOKEN);
    let shown = file.display();
    let Ok(secret) = fs::read_to_string(&file) else {
        return Finding::ok(
            TOKENS,
            format!("there is one; {shown} does not exist, or cannot be read"),
        );
    };
    match token::find(app, secret.trim()) {
        Ok(Some(token)) if is_valid_admin(&token, now) => Finding::ok(TOKENS, format!("{shown} has a valid one")),
        Ok(_) => Finding::warning(
            TOKENS,
            format!("{shown} has a token that is no longer valid: delete the file"),
        ),
        Err(error) => Finding::error(TOKENS, error.to_string()),
    }
}
