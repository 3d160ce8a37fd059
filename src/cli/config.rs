//! `config`: prints the settings in force and where each came from.

use super::{Failure, Outcome, say};
use crate::config::Loaded;

/// Prints the settings as TOML, each with its origin.
pub fn run(loaded: &Loaded) -> Outcome {
    let table = toml::Table::try_from(&loaded.settings)
        .map_err(|error| Failure(format!("cannot print the settings: {error}")))?;
    print(loaded, &table, "");
    for name in &loaded.ignored {
        say(&format!("# ignored: the environment variable {name}"));
    }
    Ok(())
}

fn print(loaded: &Loaded, table: &toml::Table, prefix: &str) {
    for (name, value) in table.iter().filter(|(_, value)| !value.is_table()) {
        let origin = loaded.origin(&format!("{prefix}{name}"));
        say(&format!("{name} = {value}  # from {origin}"));
    }
    for (name, value) in table {
        if let Some(inner) = value.as_table() {
            say(&format!("\n[{name}]"));
            print(loaded, inner, &format!("{prefix}{name}."));
        }
    }
}
