//! `man`: prints the manual page of the program or of one command, or writes all pages to a folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap_mangen::Man;

use super::{Failure, Outcome, print, say};

/// The arguments of `man`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The command, such as `token create` [default: the program]
    #[arg(conflicts_with = "folder")]
    command: Vec<String>,
    /// Writes the pages of all commands to this folder, which must exist
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Prints a page, or writes all pages.
pub fn run(arguments: &Arguments, program: &clap::Command) -> Outcome {
    if let Some(folder) = &arguments.folder {
        let written = write_all(program, folder);
        let written = written.map_err(|error| {
            Failure(format!(
                "cannot write the manual pages to {}: {error}",
                folder.display()
            ))
        })?;
        say(&format!("{written} manual pages in {}", folder.display()));
        return Ok(());
    }
    let command = find(program, &arguments.command)?;
    let page = page(command).map_err(|error| Failure(format!("cannot create the manual page: {error}")))?;
    print(String::from_utf8_lossy(&page).trim_end())
}

/// Returns the description of a command, such as `token create`. No name stands for the program itself.
///
/// # Errors
/// The command does not exist.
pub fn find<'a>(program: &'a clap::Command, names: &[String]) -> Result<&'a clap::Command, Failure> {
    names.iter().try_fold(program, |command, name| {
        let found = command.find_subcommand(name);
        found.ok_or_else(|| {
            Failure(format!(
                "there is no command {name:?}: `prediction-api help` lists the commands"
            ))
        })
    })
}

/// Writes the pages of a command and the commands below it, and returns their number.
fn write_all(command: &clap::Command, folder: &Path) -> io::Result<usize> {
    fs::write(folder.join(format!("{}.1", name_of(command))), page(command)?)?;
    let mut written = 1;
    for inner in command.get_subcommands() {
        written += write_all(inner, folder)?;
    }
    Ok(written)
}

fn page(command: &clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let source = concat!("prediction-api ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).title(name_of(command)).source(source);
    man.render(&mut page)?;
    Ok(page)
}

/// Returns the name of a command's page, such as `prediction-api-token-create`.
fn name_of(command: &clap::Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}
