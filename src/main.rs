//! The executable: reads the command line and runs the command.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    prediction_api::cli::run()
}
