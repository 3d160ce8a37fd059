//! The machine's clock: whether it is trusted.
//!
//! Operations that cannot be undone do not trust it blindly: deletion by age takes its time from [`look`], which
//! refuses a clock that has jumped.

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

/// Interval at which the time of a trusted clock is stored.
const STORE_EVERY: Duration = Duration::from_mins(1);

/// Largest difference by which the clock may be behind the latest arrival without a warning, in microseconds, because
/// small corrections set clocks back again and again.
const BEHIND: i64 = 1_000_000;

/// Function that returns the time since the process started. It is passed in, so that tests can control it.
pub type Uptime = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Limits for clocks that are wrong.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Limit by which an issue_time may be ahead of the server's clock, in seconds.
    pub issue_ahead_seconds: u32,
    /// Limit by which the machine's clock may jump and still be trusted, in hours.
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

/// State of the clock in this process.
pub(super) struct Watch {
    rules: Rules,
    uptime: Uptime,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Absent until the first reading, which loads the state that the database stores.
    watch: Option<ClockWatch>,
    /// Time that this process stored last, and the uptime at which it did.
    stored: Option<(Timestamp, Duration)>,
    /// Uptime at which this process last stored the progress of a clock that is not trusted.
    doubted: Option<Duration>,
    /// Whether the last message in the log was that the clock is not trusted.
    is_doubted: bool,
    /// Whether the log reported that the clock is behind the latest arrival.
    is_behind: bool,
    /// Reason why the clock was not trusted at the last reading.
    doubt: Option<Doubt>,
    /// Whether the clock was ahead of its expected time at the first reading, and has not been trusted since. The
    /// machine may have been off for that time.
    began_ahead: bool,
    /// Last reading of the loop that judges health.
    judged: Option<Look>,
    /// Uptime of the last jump or of the start, until its effects are corrected.
    jumped: Option<Duration>,
    /// Whether the database says that deadlines are suspended, once this process has stored it.
    held: Option<bool>,
}

impl State {
    /// Logs the changes since the last reading.
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

    /// Returns whether the time of the clock should be stored.
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

    /// Returns the latest issue_time that is accepted at `now`; none if the clock is known to be behind, because the
    /// limit is then unknown.
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

/// Returns the clock's time, or the reason why it is not trusted.
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
        // A database that has stored no time yet has nothing to lose.
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

/// Time after a jump until the clock's times count as right: clocks that are behind after a start are usually set
/// within minutes.
const SETTLED: Duration = Duration::from_mins(10);

/// Largest difference between the clock and its expected time that is no jump, in microseconds.
const JUMP: u64 = 60_000_000;

/// Effects of the clock on deadlines.
#[derive(Clone, Copy)]
pub(super) struct Deadlines {
    /// Whether deadlines are suspended, because the clock has jumped and is not trusted. A clock that was already ahead
    /// when the process started does not suspend them.
    pub are_held: bool,
    /// Whether times in the future can be corrected now, because the clock has run steadily since its last jump.
    pub are_settled: bool,
}

/// Checks the clock, and stores whether deadlines are suspended.
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

/// Marks that times in the future were corrected.
pub(super) fn settled(app: &App) {
    app.watch.state().jumped = None;
}

/// Returns warnings about the clock, one line each.
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

/// Checks the clock, logs changes, and stores its time once a minute while it is trusted.
///
/// # Errors
/// Unavailable or busy, if the database cannot be read or written.
pub async fn tick(app: &App) -> Result<()> {
    let looked = look(app)?;
    let found = match looked {
        Err(doubt) if adopt_accepted_clock(app)? => {
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

/// Trusts the clock's current time, and stores it.
///
/// # Errors
/// Unavailable or busy, if the database cannot be written.
pub async fn accept(app: &App) -> Result<Timestamp> {
    let look = app.watch.look(app.now());
    // A deletion follows, which may free space on a full disk.
    app.delete_values(move |tx, _| clock::see(tx, look.time)).await?;
    let mut state = app.watch.state();
    state.stored = Some((look.time, look.uptime));
    state.watch = Some(ClockWatch::new(look, app.watch.rules.slack_hours));
    Ok(look.time)
}

/// Returns whether the command line has accepted the clock since. This process then trusts it too.
fn adopt_accepted_clock(app: &App) -> Result<bool> {
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
    // The sweep makes room on a full disk, so it must not wait for the clock after a restart.
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
