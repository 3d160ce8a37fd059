//! `config`: prints the settings in force and the source of each.

use super::{Failure, Outcome, print};
use crate::config::{Loaded, Settings};

/// Prints the settings as TOML, each with its origin.
pub fn run(loaded: &Loaded) -> Outcome {
    let shown = Settings {
        storage: loaded.settings.storage.without_secrets(),
        ..loaded.settings.clone()
    };
    let table =
        toml::Table::try_from(&shown).map_err(|error| Failure(format!("cannot print the settings: {error}")))?;
    print_table(loaded, &table, "")?;
    for name in &loaded.ignored {
        print(&format!("# ignored: the environment variable {name}"))?;
    }
    Ok(())
}

fn print_table(loaded: &Loaded, table: &toml::Table, prefix: &str) -> Outcome {
    for (name, value) in table.iter().filter(|(_, value)| !value.is_table()) {
        let origin = loaded.origin(&format!("{prefix}{name}"));
        print(&format!("{name} = {value}  # from {origin}"))?;
    }
    for (name, value) in table {
        if let Some(inner) = value.as_table() {
            print(&format!("\n[{name}]"))?;
            print_table(loaded, inner, &format!("{prefix}{name}."))?;
        }
    }
    Ok(())
}
