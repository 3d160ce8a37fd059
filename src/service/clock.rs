//! Decides whether the machine's clock can be trusted.
//!
//! Operations that cannot be undone, such as deletion by age, take the time from [`look`]. It returns no time while the
//! clock is not trusted, for example after a jump.

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

/// Interval at which the time of a trusted clock, or the progress of an untrusted clock, is stored.
const STORE_EVERY: Duration = Duration::from_mins(1);

/// Largest difference, in microseconds, by which the clock may be behind the latest arrival without a warning. The
/// tolerance exists because small corrections set clocks back again and again.
const BEHIND: i64 = 1_000_000;

/// Function that returns the time since the process started. It is passed in, so that tests can control it.
pub type Uptime = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Tolerances for wrong clocks, of this machine and of workers.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Largest accepted difference, in seconds, by which an issue_time is ahead of the server's clock.
    pub issue_ahead_seconds: u32,
    /// Largest jump of the machine's clock, in hours, after which the clock is still trusted.
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

/// Compares the machine's clock with the process's monotonic clock, and stores in memory what this process has found.
pub(super) struct Watch {
    rules: Rules,
    uptime: Uptime,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Comparison with the last trusted time. `None` until the first reading, which loads the state from the database.
    watch: Option<ClockWatch>,
    /// Clock time that this process last stored in the database, and the uptime at which this process stored it.
    stored: Option<(Timestamp, Duration)>,
    /// Uptime at which this process last stored for how long the untrusted clock has run steadily.
    doubted: Option<Duration>,
    /// Whether the last log message about trust reported that the clock is not trusted.
    is_doubted: bool,
    /// Whether the last log message about arrivals reported that the clock is behind the latest arrival.
    is_behind: bool,
    /// Reason why the clock was not trusted at the last reading. `None` if the clock was trusted.
    doubt: Option<Doubt>,
    /// Whether the clock was ahead of its expected time at the first reading, and has not been trusted since. The
    /// machine may have been off for that time.
    began_ahead: bool,
    /// Reading of the clock at the last check of deadlines, by the loop that updates health states.
    judged: Option<Look>,
    /// Uptime at the last jump of the clock, or at the first check. `None` once the times in the future that the jump
    /// has left were corrected.
    jumped: Option<Duration>,
    /// Whether deadlines are suspended according to the database. `None` until this process has stored it.
    held: Option<bool>,
}

impl State {
    /// Logs whether the clock became trusted or untrusted since the last call, and whether it fell behind the latest
    /// arrival or passed the latest arrival again. `behind` is the warning that the clock is behind.
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

    /// Returns whether [`STORE_EVERY`] has passed at `uptime` since the last time that the state of the clock was
    /// stored.
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

    /// Returns the latest issue_time that is accepted when the clock shows `now`. Returns `None` if the clock was never
    /// set or is known to be behind, because no limit can be computed then.
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

/// Reads the clock. Returns the time if the clock is trusted, and the reason otherwise. The first call loads the last
/// trusted time from the database.
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

/// Time for which the clock must run without a jump before stored times in the future are corrected. Clocks that are
/// wrong after a start are usually set within minutes.
const SETTLED: Duration = Duration::from_mins(10);

/// Largest difference between the clock and its expected time, in microseconds, that does not count as a jump.
const JUMP: u64 = 60_000_000;

/// Decisions about health deadlines that follow from the state of the clock.
#[derive(Clone, Copy)]
pub(super) struct Deadlines {
    /// Whether deadlines are suspended, because the clock has jumped and is not trusted. A clock that was already ahead
    /// when the process started does not suspend them.
    pub are_held: bool,
    /// Whether stored times in the future can be corrected now: the clock is trusted, has run steadily for `SETTLED`
    /// since its last jump, and no correction was made since.
    pub are_settled: bool,
}

/// Checks the clock, stores in the database whether deadlines are suspended if that has changed, and returns the
/// decisions.
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

/// Records that stored times in the future were corrected, so that they are not corrected again before the next jump.
pub(super) fn settled(app: &App) {
    app.watch.state().jumped = None;
}

/// Returns warnings about the clock, one line each: that the clock is not trusted, and that it is behind the latest
/// arrival. Returns no line if the clock is fine.
///
/// # Errors
/// Unavailable, if the database cannot be read.
pub fn warnings(app: &App) -> Result<Vec<String>> {
    let doubt = look(app)?.err();
    let mut warnings: Vec<_> = doubt.iter().map(ToString::to_string).collect();
    warnings.extend(behind(app)?);
    Ok(warnings)
}

/// Returns a warning if the clock is behind the latest stored available_at by more than [`BEHIND`].
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

/// Checks the clock and logs changes. At most once a minute, stores the time of a trusted clock, or the progress of an
/// untrusted clock that runs steadily.
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

/// Trusts the current time of the clock from now on, stores it in the database and returns it.
///
/// # Errors
/// Unavailable or busy, if the database cannot be written.
pub async fn accept(app: &App) -> Result<Timestamp> {
    let look = app.watch.look(app.now());
    // A deletion usually follows, which frees space, so this write may use the reserve of a full disk.
    app.delete_values(move |tx, _| clock::see(tx, look.time)).await?;
    let mut state = app.watch.state();
    state.stored = Some((look.time, look.uptime));
    state.watch = Some(ClockWatch::new(look, app.watch.rules.slack_hours));
    Ok(look.time)
}

/// Returns whether another process, such as the command line, has accepted the clock since this process last stored a
/// time. If so, this process trusts the clock too.
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
    // This write may use the reserve of a full disk. The sweep, which frees space, needs a stored time after a restart.
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
