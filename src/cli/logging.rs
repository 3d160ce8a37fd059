//! Writes the log to standard error.
//!
//! Requests and writes to the database never wait for the log. They put their lines in a queue, and a separate thread
//! writes the lines. A line is dropped and counted if it cannot be written (the disk is full, or the pipe is closed),
//! or if the queue is full because the reader of the pipe does not read. The usual crate for this purpose prints to
//! standard output if it cannot end, and panics if standard output is closed too.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, IsTerminal, Write},
    panic::{self, PanicHookInfo},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use metrics::{counter, describe_counter};
use tracing_subscriber::{filter::LevelFilter, fmt};

use crate::{
    config::{Log, LogFormat, LogLevel},
    store::Recurring,
};

/// Largest number of lines in the queue, about 5 MB.
const QUEUE: usize = 16_384;

/// Longest time for which the end of the process waits until the remaining lines are written.
const LAST_WORDS: Duration = Duration::from_secs(1);

const LOST: &str = "prediction_api_log_lines_lost_total";

/// Registers the description of the log's metric.
pub fn describe_metrics() {
    describe_counter!(
        LOST,
        "Log lines that could not be written, or that found the queue full"
    );
    counter!(LOST).absolute(0);
}

/// The running log. Dropping it waits until the remaining lines are written, for at most a second.
#[must_use]
pub struct Logging(Option<Arc<State>>);

#[derive(Default)]
struct State {
    waiting: AtomicUsize,
    lost: AtomicU64,
}

impl State {
    fn lose_line(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        counter!(LOST).increment(1);
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        let Some(state) = &self.0 else { return };
        let begun = Instant::now();
        while state.waiting.load(Ordering::Acquire) > 0 && begun.elapsed() < LAST_WORDS {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Starts the log with these settings. From then on panics are logged too.
pub fn start(log: &Log) -> Logging {
    let level = match log.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let terminal = io::stderr().is_terminal();
    let text = match log.format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let (lines, queue) = sync_channel(QUEUE);
    let state = Arc::new(State::default());
    let (seen, made) = (state.clone(), state.clone());
    let writing = thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write_lines(&queue, &seen));
    if writing.is_err() {
        return Logging(None);
    }
    let builder = fmt()
        .with_max_level(level)
        // The library would report an error of the log with a macro that panics if standard error fails.
        .log_internal_errors(false)
        .with_writer(move || Line {
            lines: lines.clone(),
            state: made.clone(),
        });
    // A second start, which happens only in tests, leaves the first log in place.
    let _ = if text {
        builder.with_ansi(terminal && !is_plain()).try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
    panic::set_hook(Box::new(log_panic));
    Logging(Some(state))
}

/// Writer for one line, which puts the line in the queue. Writing never fails: a line that does not fit is dropped.
struct Line {
    lines: SyncSender<Vec<u8>>,
    state: Arc<State>,
}

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.state.waiting.fetch_add(1, Ordering::AcqRel);
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.lines.try_send(line.to_vec()) {
            self.state.waiting.fetch_sub(1, Ordering::AcqRel);
            self.state.lose_line();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the lines of the queue until the queue is closed. When writing succeeds again after lines were lost, logs the
/// number of lost lines.
fn write_lines(queue: &Receiver<Vec<u8>>, state: &State) {
    let (mut is_torn, mut reported) = (false, 0);
    while let Ok(line) = queue.recv() {
        let mut error = io::stderr().lock();
        // A part of the line that failed may have been written, so the next line starts on a new line.
        let written = if is_torn { error.write_all(b"\n") } else { Ok(()) };
        is_torn = written.and_then(|()| error.write_all(&line)).is_err();
        drop(error);
        if is_torn {
            state.lose_line();
        }
        let was_last = state.waiting.fetch_sub(1, Ordering::AcqRel) == 1;
        let lost = state.lost.load(Ordering::Relaxed);
        if was_last && !is_torn && lost > reported {
            let lines = lost - reported;
            reported = lost;
            tracing::warn!(lines, "lines of the log were lost");
        }
    }
}

static PANICS: Recurring = Recurring::new();

/// Logs a panic. The default hook would write to standard error directly, and wait if the reader does not read.
fn log_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string);
    let fault = info.payload_as_str().unwrap_or("no message");
    let at = format!("{}: {fault}", place.as_deref().unwrap_or_default());
    let Some(times) = PANICS.failed(&at) else {
        return;
    };
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then_some(backtrace);
    tracing::error!(
        fault,
        place,
        thread = thread::current().name(),
        times,
        backtrace = backtrace.map(tracing::field::display),
        "a part of the program panicked"
    );
}

/// Returns whether text must contain no escape sequences: `NO_COLOR` is set (see <https://no-color.org>), or the
/// terminal does not support them (`TERM` is `dumb`).
pub fn is_plain() -> bool {
    let is_set = |text: std::ffi::OsString| !text.is_empty();
    std::env::var_os("NO_COLOR").is_some_and(is_set)
        || std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb")
}
