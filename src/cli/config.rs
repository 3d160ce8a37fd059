//! `config`: prints the settings in force and the source of each.

use serde_json::{Value, json};

use super::{
    Failure, Outcome,
    listing::{Json, print_json},
    print,
};
use crate::config::{Loaded, Settings};

/// Prints the settings as TOML or JSON, each with its origin.
pub fn run(loaded: &Loaded, json: Json) -> Outcome {
    let shown = Settings {
        storage: loaded.settings.storage.without_secrets(),
        smtp: loaded.settings.smtp.without_secrets(),
        mqtt: loaded.settings.mqtt.without_secrets(),
        ..loaded.settings.clone()
    };
    let table =
        toml::Table::try_from(&shown).map_err(|error| Failure(format!("cannot print the settings: {error}")))?;
    if json.json {
        return print_json(&with_origins(loaded, &table, ""));
    }
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

/// Returns the settings as an object that has `value` and `from` for each.
fn with_origins(loaded: &Loaded, table: &toml::Table, prefix: &str) -> Value {
    let setting = |(name, value): (&String, &toml::Value)| {
        let key = format!("{prefix}{name}");
        let shown = match value.as_table() {
            Some(inner) => with_origins(loaded, inner, &format!("{key}.")),
            None => json!({"value": value, "from": loaded.origin(&key)}),
        };
        (name.clone(), shown)
    };
    Value::Object(table.iter().map(setting).collect())
}
