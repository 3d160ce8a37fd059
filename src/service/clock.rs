//! The machine's clock: whether it is trusted, and since when the database knows its time.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::App;
use crate::{
    domain::{
        Result, Timestamp,
        clock::{AHEAD_SECONDS, ClockWatch, Doubt, Look, SLACK_HOURS, is_unset},
    },
    store::clock,
};

/// How often the time of a trusted clock is stored.
const STORE_EVERY: Duration = Duration::from_secs(60);

/// How far the clock may be behind the latest arrival without a warning, in microseconds: clocks are corrected by less
/// again and again.
const BEHIND: i64 = 1_000_000;

/// Returns how long the process has been running. Handed in, so that tests can let it run on.
pub type Uptime = Arc<dyn Fn() -> Duration + Send + Sync>;

/// How far clocks may be wrong.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How far an issue_time may be ahead of the server's clock, in seconds.
    pub issue_ahead_seconds: u32,
    /// How far the machine's clock may jump and still be trusted, in hours.
    pub slack_hours: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            issue_ahead_seconds: AHEAD_SECONDS,
            slack_hours: SLACK_HOURS,
        }
    }
}

/// What the process knows of the clock.
pub(super) struct Watch {
    rules: Rules,
    uptime: Uptime,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Absent until the first look, which reads what the database knows.
    watch: Option<ClockWatch>,
    /// The time that this process stored last, and when it did.
    stored: Option<(Timestamp, Duration)>,
    /// When this process stored last how far a clock that is not trusted has gone on steadily.
    doubted: Option<Duration>,
    /// Whether the log said last that the clock is doubted.
    is_doubted: bool,
    /// Whether the log said that the clock is behind the latest arrival.
    is_behind: bool,
    /// Why the clock was not trusted at the last look.
    doubt: Option<Doubt>,
    /// Whether it was ahead of what was expected at the first look, and has not been trusted since: the machine may have been
    /// off for so long.
    began_ahead: bool,
    /// The last look of the loop that judges health.
    judged: Option<Look>,
    /// When the clock jumped last, or the process began, if what that left behind is not put right yet.
    jumped: Option<Duration>,
    /// Whether the database says that no deadline passes, once this process has stored it.
    held: Option<bool>,
}

impl State {
    /// Logs what has changed since the last look.
    fn log(&mut self, found: &std::result::Result<Timestamp, Doubt>, behind: Option<&str>) {
        match found {
            Err(doubt) if !self.is_doubted => tracing::warn!("{doubt}"),
            Ok(now) if self.is_doubted => tracing::info!(%now, "the clock is trusted again"),
            _ => {}
        }
        match behind {
            Some(warning) if !self.is_behind => tracing::warn!("{warning}"),
            None if self.is_behind => tracing::info!("the clock is past the latest arrival again"),
            _ => {}
        }
        (self.is_doubted, self.is_behind) = (found.is_err(), behind.is_some());
    }

    /// Whether the time of the clock is to be stored.
    fn is_due(&self, uptime: Duration) -> bool {
        let stored = match self.is_doubted {
            true => self.doubted,
            false => self.stored.map(|(_, at)| at),
        };
        stored.is_none_or(|at| uptime.saturating_sub(at) >= STORE_EVERY)
    }
}

impl Watch {
    pub(super) fn new(rules: Rules, uptime: Uptime) -> Self {
        Self {
            rules,
            uptime,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the latest issue_time that is accepted at `now`; none if the clock is known to be behind, and cannot tell.
    pub(super) fn latest_issue(&self, now: Timestamp) -> Option<Timestamp> {
        let doubt = self.state().doubt;
        let is_behind = is_unset(now) || doubt.is_some_and(|doubt| doubt.now < doubt.expected);
        (!is_behind).then(|| now.plus_seconds(self.rules.issue_ahead_seconds.into()))
    }

    fn look(&self, time: Timestamp) -> Look {
        Look {
            time,
            uptime: (self.uptime)(),
        }
    }
}

/// Returns the clock's time, or why it is not trusted.
///
/// # Errors
/// Unavailable, if the database cannot be read.
pub fn look(app: &App) -> Result<std::result::Result<Timestamp, Doubt>> {
    let mut state = app.watch.state();
    let look = app.watch.look(app.now());
    let is_first = state.watch.is_none();
    if is_first {
        let (seen, steady) =
            app.read_inline(|connection, _| Ok((clock::seen(connection)?, clock::steady(connection)?)))?;
        // A database that has seen no time yet has nothing to lose.
        let time = seen.unwrap_or(look.time);
        let mut watch = ClockWatch::new(Look { time, ..look }, app.watch.rules.slack_hours);
        if let Some(steady) = steady {
            watch.resume(steady, look);
        }
        state.watch = Some(watch);
    }
    let doubt = state.watch.as_mut().and_then(|watch| watch.look(look));
    let is_ahead = doubt.is_some_and(|doubt| doubt.now > doubt.expected);
    state.began_ahead = is_ahead && (is_first || state.began_ahead);
    state.doubt = doubt;
    Ok(doubt.map_or(Ok(look.time), Err))
}

/// How long after a jump of the clock its times are taken for right: clocks that are behind after a start are mostly set
/// within minutes.
const SETTLED: Duration = Duration::from_secs(600);

/// How far the clock may be from what is expected without a jump, in microseconds.
const JUMP: u64 = 60_000_000;

/// What the clock means for deadlines.
#[derive(Clone, Copy)]
pub(super) struct Deadlines {
    /// Whether none passes: the clock has jumped, and is not trusted.
    pub are_held: bool,
    /// Whether times that lie in the future can be put right now: the clock has gone on steadily since its last jump.
    pub are_settled: bool,
}

/// Looks at the clock, and stores whether deadlines are held.
///
/// # Errors
/// Unavailable or busy, if the database cannot be read or written.
pub(super) async fn deadlines(app: &App) -> Result<Deadlines> {
    let is_doubted = look(app)?.is_err();
    let (deadlines, is_stored) = {
        let mut state = app.watch.state();
        let look = app.watch.look(app.now());
        let has_jumped = state.judged.is_none_or(|last| {
            let expected = last.expected(look.uptime);
            expected.micros().abs_diff(look.time.micros()) > JUMP
        });
        if has_jumped {
            state.jumped = Some(look.uptime);
        }
        state.judged = Some(look);
        let since = state.jumped.map(|at| look.uptime.saturating_sub(at));
        let deadlines = Deadlines {
            are_held: is_doubted && !state.began_ahead,
            are_settled: !is_doubted && since.is_some_and(|since| since >= SETTLED),
        };
        (deadlines, state.held == Some(deadlines.are_held))
    };
    if !is_stored {
        let held = deadlines.are_held;
        app.write_values(move |tx, now| clock::hold(tx, held, now)).await?;
        app.watch.state().held = Some(held);
    }
    Ok(deadlines)
}

/// Notes that times which lay in the future were put right.
pub(super) fn settled(app: &App) {
    app.watch.state().jumped = None;
}

/// Returns what is wrong with the clock: a line for each.
///
/// # Errors
/// Unavailable, if the database cannot be read.
pub fn warnings(app: &App) -> Result<Vec<String>> {
    let doubt = look(app)?.err();
    let mut warnings: Vec<_> = doubt.iter().map(ToString::to_string).collect();
    warnings.extend(behind(app)?);
    Ok(warnings)
}

/// Returns a warning if the clock is behind the latest arrival.
fn behind(app: &App) -> Result<Option<String>> {
    let (stamped, now) = app.read_inline(|connection, now| Ok((clock::stamped(connection)?, now)))?;
    let latest = stamped.filter(|latest| latest.micros() - now.micros() > BEHIND);
    Ok(latest.map(|latest| {
        format!(
            "the clock is behind the latest arrival: it shows {now}, and values are stored with an available_at after \
             {latest} until it has caught up"
        )
    }))
}

/// Looks at the clock, logs what has changed about it, and stores its time once a minute while it is trusted.
///
/// # Errors
/// Unavailable or busy, if the database cannot be read or written.
pub async fn tick(app: &App) -> Result<()> {
    let looked = look(app)?;
    let found = match looked {
        Err(doubt) if is_accepted_elsewhere(app)? => {
            tracing::info!(now = %doubt.now, "the clock was accepted by another process");
            look(app)?
        }
        found => found,
    };
    let behind = behind(app)?;
    let is_due = {
        let mut state = app.watch.state();
        state.log(&found, behind.as_deref());
        state.is_due((app.watch.uptime)())
    };
    match found {
        _ if !is_due => Ok(()),
        Ok(now) => store(app, now).await,
        Err(_) => store_doubt(app).await,
    }
}

/// Trusts the clock as it stands, and stores its time.
///
/// # Errors
/// Unavailable or busy, if the database cannot be written.
pub async fn accept(app: &App) -> Result<Timestamp> {
    let look = app.watch.look(app.now());
    // Deleting follows, which may be what makes room on a full disk.
    app.delete_values(move |tx, _| clock::see(tx, look.time)).await?;
    let mut state = app.watch.state();
    state.stored = Some((look.time, look.uptime));
    state.watch = Some(ClockWatch::new(look, app.watch.rules.slack_hours));
    Ok(look.time)
}

/// Whether the command line has accepted the clock meanwhile; then it is trusted here, too.
fn is_accepted_elsewhere(app: &App) -> Result<bool> {
    let seen = app.read_inline(|connection, _| clock::seen(connection))?;
    let look = app.watch.look(app.now());
    let mut state = app.watch.state();
    if state.stored.map(|(stored, _)| stored) == seen {
        return Ok(false);
    }
    let watch = state.watch.as_mut();
    let accepted = watch.filter(|watch| seen.is_some_and(|seen| watch.is_near(seen, look.time)));
    Ok(accepted.map(|watch| watch.accept(look)).is_some())
}

async fn store(app: &App, now: Timestamp) -> Result<()> {
    // A full disk does not keep the sweep that makes room waiting for the clock after a restart.
    app.delete_values(move |tx, _| clock::see(tx, now)).await?;
    app.watch.state().stored = Some((now, (app.watch.uptime)()));
    Ok(())
}

async fn store_doubt(app: &App) -> Result<()> {
    let look = app.watch.look(app.now());
    let steady = {
        let state = app.watch.state();
        state.watch.as_ref().and_then(|watch| watch.steady(look))
    };
    if let Some(steady) = steady {
        app.write_values(move |tx, _| clock::doubt(tx, steady)).await?;
        app.watch.state().doubted = Some(look.uptime);
    }
    Ok(())
}
