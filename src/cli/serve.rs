//! `serve`: opens the database, serves it over HTTP, and prints the addresses to open.

use std::{
    fs,
    future::Future,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinSet,
};
use uuid::Uuid;

use super::{
    Failure, Outcome,
    database::{file_of, name_of, open},
    listen::{Listening, reload_on_hangup},
    lock::Lock,
    logging, make_folder, runtime, say,
};
use crate::{
    config::{Loaded, Settings},
    domain::token::new_secret,
    http,
    service::{App, broker::Options, sign_in, token},
    store::sqlite::backup::clear_passing,
    task::{Tasks, accuracy, alerts, clock, health, mqtt, sweeper, webhooks},
};

/// Name of the file in the data folder that the generated first admin token is written to.
pub const ADMIN_TOKEN: &str = "admin-token";

/// Environment variable with which the operator may set the first admin token.
const ADMIN_TOKEN_VARIABLE: &str = "PREDICTION_API_ADMIN_TOKEN";

/// Smallest length of a first admin token that the operator sets, in characters.
const MIN_ADMIN_TOKEN: usize = 16;

/// Interval at which the registry of metrics cleans up its data.
const UPKEEP: Duration = Duration::from_secs(5);

/// Interval at which the file that reserves disk space is created again if it is missing.
const KEEP_RESERVE: Duration = Duration::from_secs(5);

/// Longest time for which the end of the process waits for reads whose requests have ended.
const LEFT_BEHIND: Duration = Duration::from_secs(5);

/// Serves until SIGINT or SIGTERM.
pub fn run(loaded: &Loaded) -> Outcome {
    let settings = &loaded.settings;
    let _log = logging::start(&settings.log);
    loaded.warn();
    until_done(async {
        given()?;
        let listening = Listening::new(settings).await?;
        make_folder(&settings.data_dir)?;
        // With PostgreSQL several servers may share the folder: it is not the place of the data.
        let _lock = match settings.storage.is_postgres() {
            true => None,
            false => Some(Lock::take(&settings.data_dir)?),
        };
        clear_passing(&file_of(settings))
            .map_err(|error| format!("cannot use {}: {error}", settings.data_dir.display()))?;
        let app = open(settings)?;
        let first = first_admin(&app, settings).await?;
        let code = first
            .as_ref()
            .filter(|first| first.is_shown())
            .map(|_| sign_in::offer(&app));
        serve(listening, app, settings, None, |url| {
            greet(url, settings, first.as_ref());
            if let Some(code) = code {
                say(&format!(
                    "  Sign in      {url}/#/sign-in?code={code}\n               (valid once, for 15 minutes)"
                ));
            }
            try_it(url, first.as_ref());
        })
        .await
    })
}

/// Runs `work` on a new runtime until it completes and returns its result. Then waits for remaining threads for at most
/// five seconds.
pub fn until_done(work: impl Future<Output = Outcome>) -> Outcome {
    let runtime = runtime()?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_timeout(LEFT_BEHIND);
    outcome
}

/// Serves until SIGINT or SIGTERM. `greeting` is called with the address when the server is ready.
pub async fn serve(
    listening: Listening,
    app: App,
    settings: &Settings,
    demo: Option<http::Demo>,
    greeting: impl FnOnce(&str),
) -> Outcome {
    let stop = stop()?;
    listening.warn();
    reload_on_hangup(listening.tls.as_ref())?;
    let url = listening.url();
    let Listening {
        listener,
        tls,
        metrics,
        mut options,
        counted,
        ..
    } = listening;
    options.demo = demo;
    let mut tasks = Tasks::default();
    let kept = app.clone();
    tasks.every("reserve", KEEP_RESERVE, move || {
        kept.keep_reserve();
        std::future::ready(Ok::<_, String>(()))
    });
    clock::start(&mut tasks, app.clone());
    let pause = Duration::from_secs(settings.retention.sweep_seconds);
    sweeper::start(&mut tasks, app.clone(), pause, settings.retention.audit_days);
    health::start(&mut tasks, app.clone());
    alerts::start(&mut tasks, app.clone());
    webhooks::start(&mut tasks, app.clone());
    mqtt::start(&mut tasks, &app, broker(settings)).map_err(|why| Failure(why.to_owned()))?;
    let upkeep = counted.clone();
    tasks.every("metrics", UPKEEP, move || {
        upkeep.upkeep();
        std::future::ready(Ok::<_, String>(()))
    });
    let shown = counted.clone();
    accuracy::start(
        &mut tasks,
        app.clone(),
        settings.metrics.accuracy_minutes,
        move |found| {
            shown.show_accuracy(found);
        },
    );
    let mut apart = JoinSet::new();
    if let Some(listener) = metrics {
        let options = http::Options {
            metrics: Some(counted),
            ..options.clone()
        };
        let never = std::future::pending();
        apart.spawn(http::serve_metrics(listener, app.clone(), options, never));
    }
    let serving = tokio::spawn(http::serve(listener, tls, app, options, stop));
    greeting(&url);
    say("\nPress Ctrl-C to stop the server.");
    let served = serving.await;
    apart.shutdown().await;
    tasks.stop().await;
    served
        .map_err(|error| Failure(format!("the server failed: {error}")))?
        .map_err(|error| Failure(format!("the server failed: {error}")))
}

/// Returns the settings of the MQTT broker. `None` if there is none.
fn broker(settings: &Settings) -> Option<Options> {
    let mqtt = &settings.mqtt;
    let (host, port, is_encrypted) = mqtt.address()?;
    Some(Options {
        host,
        port,
        is_encrypted,
        username: mqtt.username.clone(),
        password: mqtt.password.clone(),
        password_file: mqtt.password_file.clone(),
        client_id: mqtt.client_id.clone(),
        ca_file: mqtt.ca_file.clone(),
    })
}

/// The first admin token, and the file that it was written to. The file is `None` if the operator set the token.
pub struct FirstAdmin {
    secret: String,
    file: Option<PathBuf>,
}

impl FirstAdmin {
    /// Returns whether the secret is printed: it is new, and standard output is not stored by systemd's journal.
    fn is_shown(&self) -> bool {
        self.file.is_some() && !is_kept()
    }
}

/// Creates the first admin token if the database has no tokens. The token is the one that the operator set, or a new
/// one that is written to a file. Returns `None` if the database has tokens already.
pub async fn first_admin(app: &App, settings: &Settings) -> Result<Option<FirstAdmin>, Failure> {
    let failed = |error| Failure(format!("cannot create the first admin token: {error}"));
    if !token::none_yet(app).map_err(failed)? {
        return Ok(None);
    }
    if let Some(secret) = given()? {
        let made = token::first_admin(app, secret.clone()).await.map_err(failed)?;
        return Ok(made.then_some(FirstAdmin { secret, file: None }));
    }
    // The token is stored in a file before it is valid, so that it cannot be lost. The file gets its name after that:
    // of several servers that start at once, only one creates the token.
    let secret = new_secret();
    let file = settings.data_dir.join(ADMIN_TOKEN);
    // Servers may share the folder, and each may have the same process id in a container of its own.
    let unnamed = settings.data_dir.join(format!("{ADMIN_TOKEN}.{}", Uuid::new_v4()));
    write_secret(&unnamed, &secret).map_err(|error| format!("cannot write {}: {error}", unnamed.display()))?;
    match token::first_admin(app, secret.clone()).await {
        Ok(true) => {
            fs::rename(&unnamed, &file).map_err(|error| {
                let (unnamed, file) = (unnamed.display(), file.display());
                format!("the first admin token is in {unnamed}, which cannot be renamed to {file}: {error}")
            })?;
            let file = Some(file);
            Ok(Some(FirstAdmin { secret, file }))
        }
        Ok(false) => {
            // A file that stays contains a token that is not valid.
            let _ = fs::remove_file(&unnamed);
            Ok(None)
        }
        // The token may be stored although the answer of the database was lost.
        Err(error) => Err(Failure(format!(
            "cannot create the first admin token: {error}; if a token exists at the next start, it is the one in {}",
            unnamed.display()
        ))),
    }
}

/// Returns the first admin token from the environment variable. Returns `None` if the variable is not set.
///
/// # Errors
/// The token is too short, or contains characters that are not printable ASCII or are spaces.
pub fn given() -> Result<Option<String>, Failure> {
    let Some(secret) = std::env::var_os(ADMIN_TOKEN_VARIABLE) else {
        return Ok(None);
    };
    let secret = secret.into_string().unwrap_or_default();
    if secret.len() < MIN_ADMIN_TOKEN || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure(format!(
            "{ADMIN_TOKEN_VARIABLE} must have at least {MIN_ADMIN_TOKEN} printable ASCII characters and no spaces"
        )));
    }
    Ok(Some(secret))
}

/// Writes the token to a new file that only its owner can read. An existing file is deleted first.
fn write_secret(path: &Path, secret: &str) -> io::Result<()> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{secret}")?;
    file.sync_all()
}

/// Returns whether standard output or standard error goes to systemd's journal. The journal would store a printed
/// token.
fn is_kept() -> bool {
    std::env::var_os("JOURNAL_STREAM").is_some()
}

/// Prints the addresses to open, the path of the database, and the first admin token or the file that contains it.
pub fn greet(url: &str, settings: &Settings, first: Option<&FirstAdmin>) {
    say(&format!("Prediction API {}", env!("CARGO_PKG_VERSION")));
    say(&format!("  Dashboard    {url}/"));
    say(&format!("  Swagger UI   {url}/swagger"));
    say(&format!("  Guides       {url}/docs"));
    say(&format!("  Data         {}", name_of(settings)));
    match first {
        None => {
            let file = settings.data_dir.join(ADMIN_TOKEN);
            if file.exists() {
                say(&format!(
                    "  Admin token  the one of the first start is in {}",
                    file.display()
                ));
            }
        }
        Some(FirstAdmin { file: Some(file), .. }) if is_kept() => say(&format!("  Admin token  in {}", file.display())),
        Some(FirstAdmin {
            secret,
            file: Some(file),
        }) => {
            say(&format!(
                "  Admin token  {secret}\n               also in {}",
                file.display()
            ));
        }
        Some(_) => {
            say(&format!("  Admin token  from {ADMIN_TOKEN_VARIABLE}"));
        }
    }
}

/// Prints an example request with the first admin token. Prints nothing if no token was created, or if the journal
/// would store it.
fn try_it(url: &str, first: Option<&FirstAdmin>) {
    let token = match first {
        None => return,
        Some(_) if is_kept() => return,
        Some(FirstAdmin { secret, file: Some(_) }) => secret.clone(),
        Some(_) => format!("${ADMIN_TOKEN_VARIABLE}"),
    };
    say(&format!(
        "\nTry it:\n  curl -H \"Authorization: Bearer {token}\" {url}/api/v1/whoami"
    ));
}

/// Returns a future that completes when the process receives SIGINT or SIGTERM. A second signal ends the process at
/// once.
///
/// # Errors
/// The signals cannot be watched.
pub fn stop() -> Result<impl Future<Output = ()> + use<>, Failure> {
    let watch = |kind| signal(kind).map_err(|error| Failure(format!("cannot watch for signals: {error}")));
    let (mut interrupt, mut terminate) = (watch(SignalKind::interrupt())?, watch(SignalKind::terminate())?);
    Ok(async move {
        told(&mut interrupt, &mut terminate).await;
        tracing::info!("stopping after the requests in progress; a second signal stops at once");
        tokio::spawn(async move {
            told(&mut interrupt, &mut terminate).await;
            std::process::exit(1);
        });
    })
}

/// Completes when either signal arrives.
async fn told(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
