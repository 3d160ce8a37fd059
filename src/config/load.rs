//! Reads the settings from their places, and checks them.

use std::path::{Path, PathBuf};

use figment::{
    Figment,
    providers::{Format, Serialized, Toml},
    value::Value,
};

use super::{
    environment::Environment,
    flags::Flags,
    origin::{explain, is_environment, is_flag, place},
    settings::Settings,
    validation::{check_ranges, check_texts},
};

/// File that is read if it exists and no other is named.
pub const DEFAULT_FILE: &str = "config/prediction-api.toml";

/// Variables with the prefix that are no settings: path of the file, first admin token, token of a worker.
const NO_SETTINGS: &[&str] = &["config", "admin_token", "token"];

/// Folder of the demo's data, unless a flag or the environment names another. The file names the folder of a real server.
const DEMO_FOLDER: &str = "demo-data";

/// Settings in force, with the origin of each.
pub struct Loaded {
    /// Settings in force.
    pub settings: Settings,
    /// Unused environment variables that container platforms set for a service of the program's name.
    pub ignored: Vec<String>,
    figment: Figment,
}

impl Loaded {
    /// Reads the settings. `file` is the one that the user named on the command line.
    ///
    /// # Errors
    /// A line that names the key, its origin and the allowed values.
    pub fn read(file: Option<&Path>, flags: &Flags) -> Result<Self, String> {
        let named = file
            .map(Path::to_owned)
            .or_else(|| std::env::var_os("PREDICTION_API_CONFIG").map(PathBuf::from))
            .filter(|named| !named.as_os_str().is_empty());
        let mut figment = Figment::from(Serialized::defaults(Settings::default()));
        let defaults = figment.find_value("").ok().and_then(Value::into_dict);
        let environment = Environment::read(std::env::vars_os(), &defaults.unwrap_or_default(), NO_SETTINGS)?;
        let ignored = environment.ignored.clone();
        if let Some(named) = &named
            && !named.is_file()
        {
            return Err(format!("there is no configuration file {}", named.display()));
        }
        let file = named.unwrap_or_else(|| DEFAULT_FILE.into());
        if file.is_file() {
            figment = figment.merge(Toml::file_exact(file));
        }
        let folder = flags.data_dir.as_deref();
        if folder.is_some_and(|folder| folder.to_str().is_none()) {
            return Err("data_dir (from a flag) is not valid UTF-8".to_owned());
        }
        figment = figment.merge(environment).merge(flags.clone());
        let settings: Settings = figment.extract().map_err(|error| explain(&error))?;
        let loaded = Self {
            settings,
            ignored,
            figment,
        };
        let checked = check_ranges(&loaded.settings).and_then(|()| check_texts(&loaded.settings));
        checked.map_err(|wrong| loaded.refused(wrong.key, &wrong.value, &wrong.fault))?;
        Ok(loaded)
    }

    /// Returns the settings of the demo. It has its own folder unless the user names one for this run.
    pub fn for_demo(&self) -> Settings {
        let mut settings = self.settings.clone();
        let metadata = self.figment.find_metadata("data_dir");
        if !metadata.is_some_and(|metadata| is_environment(metadata) || is_flag(metadata)) {
            settings.data_dir = DEMO_FOLDER.into();
        }
        settings
    }

    /// Logs warnings about the settings.
    pub fn warn(&self) {
        if !self.ignored.is_empty() {
            tracing::warn!(
                variables = self.ignored.join(", "),
                "these environment variables are ignored: Kubernetes or Docker sets them for a service of this name"
            );
        }
    }

    /// Returns the origin of a key's value.
    pub fn origin(&self, key: &str) -> String {
        self.figment
            .find_metadata(key)
            .map_or_else(|| "the defaults".to_owned(), |metadata| place(metadata, key))
    }

    /// Returns a line that says why the value of a key is refused, with its origin.
    pub fn refused(&self, key: &str, value: &str, fault: &str) -> String {
        format!("{key} = {value} (from {}) {fault}", self.origin(key))
    }
}
