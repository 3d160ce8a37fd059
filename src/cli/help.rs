//! `help`: prints the help of the program or of a command.

use super::{Outcome, man::find, print};

/// Prints the help of the command with these names.
pub fn run(names: &[String], program: &clap::Command) -> Outcome {
    let help = find(program, names)?.clone().render_long_help();
    print(help.to_string().trim_end())
}
