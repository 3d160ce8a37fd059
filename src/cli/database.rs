//! Opens the database that the settings name: the file in the data folder, or a database of PostgreSQL.

use std::path::{Path, PathBuf};

use super::{Failure, Outcome, make_folder};
use crate::{
    config::{Settings, SmtpTls},
    domain::webhook::email::Sender,
    service::{App, clock, system_clock, transfer, uptime_of_the_process, webhook},
    store::{self, Db, postgres},
};

/// Name of the database's file in the data folder.
pub const DATABASE: &str = "prediction-api.db";

/// Text that is appended to the error message about a damaged database.
pub const RESTORE: &str = "; `prediction-api restore` replaces it by a backup";

/// Returns the path of the database's file in the data folder.
pub fn file_of(settings: &Settings) -> PathBuf {
    settings.data_dir.join(DATABASE)
}

/// Returns the name of the database for messages: its path, or its address without the password.
pub fn name_of(settings: &Settings) -> String {
    match settings.storage.is_postgres() {
        true => settings.storage.shown(),
        false => {
            let path = file_of(settings);
            std::path::absolute(&path).unwrap_or(path).display().to_string()
        }
    }
}

/// Refuses a command that is for the database file only. `instead` says what serves the purpose with PostgreSQL.
///
/// # Errors
/// The data is in PostgreSQL.
pub fn needs_file(settings: &Settings, instead: &str) -> Outcome {
    match settings.storage.is_postgres() {
        true => Err(Failure(format!(
            "the data is in PostgreSQL ({}): {instead}",
            settings.storage.shown()
        ))),
        false => Ok(()),
    }
}

/// Opens the database. The data folder and the database's file are created if they do not exist.
///
/// # Errors
/// The database cannot be opened, or an import into it was interrupted.
pub fn open(settings: &Settings) -> Result<App, Failure> {
    let app = open_for_import(settings)?;
    match transfer::unfinished(&app).map_err(|error| Failure(error.to_string()))? {
        None => Ok(app),
        Some(head) => Err(Failure(format!(
            "the import of the export of {} into {} is not complete: repeat `prediction-api import` with the same file",
            head.exported_at,
            name_of(settings)
        ))),
    }
}

/// Opens the database like [`open`], even if an import into it was interrupted.
///
/// # Errors
/// The database cannot be opened.
pub fn open_for_import(settings: &Settings) -> Result<App, Failure> {
    make_folder(&settings.data_dir)?;
    let clock_rules = clock::Rules {
        issue_ahead_seconds: settings.limits.issue_ahead_seconds,
        slack_hours: settings.retention.clock_slack_hours,
    };
    let app = match settings.storage.is_postgres() {
        true => App::new(connect(settings)?, system_clock()).with_clock_of_the_database(),
        false => App::new(open_file(&file_of(settings), settings)?, system_clock()),
    };
    Ok(app
        .with_webhooks(webhook_rules(settings))
        .with_clock_rules(clock_rules, uptime_of_the_process()))
}

/// Returns the settings for the delivery of messages.
fn webhook_rules(settings: &Settings) -> webhook::Rules {
    let smtp = &settings.smtp;
    let tls = match smtp.tls {
        SmtpTls::Starttls => webhook::SmtpTls::Starttls,
        SmtpTls::Tls => webhook::SmtpTls::Tls,
        SmtpTls::None => webhook::SmtpTls::None,
    };
    // The sender was checked when the settings were read.
    let from = Sender::parse(&smtp.from).ok().filter(|_| !smtp.host.is_empty());
    webhook::Rules {
        allow_private_addresses: settings.webhooks.allow_private_addresses,
        public_url: settings.public_url.clone(),
        smtp: from.map(|from| webhook::Smtp {
            host: smtp.host.clone(),
            port: smtp.port(),
            tls,
            username: smtp.username.clone(),
            password: smtp.password.clone(),
            password_file: smtp.password_file.clone(),
            ca_file: smtp.ca_file.clone(),
            from,
        }),
        ..webhook::Rules::default()
    }
}

/// Opens a database file, or creates it.
///
/// # Errors
/// The file cannot be opened.
pub fn open_file(path: &Path, settings: &Settings) -> Result<Db, Failure> {
    Db::open(path, store::Limits::from(settings)).map_err(|error| {
        let cure = if error.is_damage() { RESTORE } else { "" };
        Failure(format!("cannot open the database {}: {error}{cure}", path.display()))
    })
}

/// Opens the database, which must exist.
///
/// # Errors
/// The database does not exist or cannot be opened.
pub fn open_existing(settings: &Settings) -> Result<App, Failure> {
    let path = file_of(settings);
    if !settings.storage.is_postgres() && !path.is_file() {
        let line = format!("there is no database {}: see --data-dir", path.display());
        return Err(Failure(line));
    }
    open(settings)
}

/// Returns the settings of connections to PostgreSQL.
pub fn options(settings: &Settings) -> postgres::Options {
    let storage = &settings.storage;
    postgres::Options {
        url: storage.url.clone(),
        password: storage.password.clone(),
        password_file: storage.password_file.clone(),
        ca_file: storage.ca_file.clone(),
        connections: storage.connections,
        connect_seconds: storage.connect_seconds,
        statement_seconds: storage.statement_seconds,
        lock_seconds: storage.lock_seconds,
        start_seconds: storage.start_seconds,
    }
}

fn connect(settings: &Settings) -> Result<Db, Failure> {
    Db::connect(options(settings), store::Limits::from(settings)).map_err(|error| {
        Failure(format!(
            "cannot open the database {}: {error}",
            settings.storage.shown()
        ))
    })
}
