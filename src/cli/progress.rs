//! Progress bars for commands that take long. They are shown on a terminal only, and end without a trace.

use std::{fs, path::PathBuf, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

use super::logging;

/// The interval at which a bar is drawn again.
const TICK: Duration = Duration::from_millis(100);

/// Returns a bar that shows its `message` and, once it has a length, how many bytes of it are done.
pub fn bytes(message: &str, length: Option<u64>) -> ProgressBar {
    let template = match length {
        Some(_) => "{msg}  {bar:30} {bytes} of {total_bytes}, {eta} left",
        None => "{msg}  {spinner} {elapsed}",
    };
    let bar = match length {
        Some(length) => ProgressBar::new(length),
        None => ProgressBar::no_length(),
    };
    shown(bar, template, message)
}

/// Returns a bar that shows its `message` and how many of a known number of `things` are done.
pub fn steps(message: &str, things: &str, length: u64) -> ProgressBar {
    let template = format!("{{msg}}  {{bar:30}} {{human_pos}} of {{human_len}} {things}, {{eta}} left");
    shown(ProgressBar::new(length), &template, message)
}

/// Returns a bar that shows its `message`, the number of `things` that are done, and the time.
pub fn counter(message: &str, things: &str) -> ProgressBar {
    let template = format!("{{msg}}  {{spinner}} {{human_pos}} {things}, {{elapsed}}");
    shown(ProgressBar::no_length(), &template, message)
}

fn shown(bar: ProgressBar, template: &str, message: &str) -> ProgressBar {
    if logging::is_plain() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template);
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(message.to_owned());
    if !bar.is_hidden() {
        bar.enable_steady_tick(TICK);
    }
    bar
}

/// Runs `copy`, which writes a file at `path`, and meanwhile shows how much of `length` bytes the file has.
pub fn while_copying<T>(path: PathBuf, length: u64, copy: impl FnOnce() -> T) -> T {
    let bar = bytes("copying", Some(length));
    let watched = bar.clone();
    if !bar.is_hidden() {
        // The thread ends with the bar.
        std::thread::spawn(move || {
            while !watched.is_finished() {
                watched.set_position(fs::metadata(&path).map_or(0, |file| file.len()));
                std::thread::sleep(TICK);
            }
        });
    }
    let copied = copy();
    bar.finish_and_clear();
    copied
}
