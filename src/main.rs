//! The executable, which parses the command line and runs the command. There is no `unsafe` code: the crate root
//! forbids it.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    prediction_api::cli::run()
}
