//! The executable, which parses the command line and runs the command. There is no `unsafe` code: the crate root
//! forbids it.

#![forbid(unsafe_code)]

use std::process::ExitCode;

/// The allocator of musl is slow when several threads allocate: BENCHMARKS.md has the figures.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    prediction_api::cli::run()
}
