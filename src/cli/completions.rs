//! `completions`: prints a script with which a shell completes the commands and their flags.

use clap_complete::{Shell, generate};

use super::{Outcome, print};

/// Prints the script for a shell.
pub fn run(shell: Shell, mut program: clap::Command) -> Outcome {
    let mut script = Vec::new();
    let name = program.get_name().to_owned();
    generate(shell, &mut program, name, &mut script);
    print(String::from_utf8_lossy(&script).trim_end())
}
