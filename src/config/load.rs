//! Reads the settings from the configuration file, the environment and the command line, and checks them. A flag takes
//! precedence over the environment, which takes precedence over the file.

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

/// Configuration file that is read if it exists and the user names no other file.
pub const DEFAULT_FILE: &str = "config/prediction-api.toml";

/// Configuration file of the machine, for the server and for all commands. It is read if it exists, the user names no
/// other file, and there is no [`DEFAULT_FILE`].
const SYSTEM_FILE: &str = "/etc/prediction-api/prediction-api.toml";

/// Names of environment variables with the prefix that are not settings: the path of the configuration file, the first
/// admin token and a worker's token.
const NO_SETTINGS: &[&str] = &["config", "admin_token", "token"];

/// Data folder of the demo, unless a flag or the environment names another. The folder in the configuration file is
/// ignored, because it belongs to a real server.
const DEMO_FOLDER: &str = "demo-data";

/// The settings in force, with the origin of each.
pub struct Loaded {
    /// Settings in force.
    pub settings: Settings,
    /// Names of ignored environment variables, which container platforms have set for a service of the program's name.
    pub ignored: Vec<String>,
    figment: Figment,
}

impl Loaded {
    /// Reads and checks the settings. `file` is the configuration file that the user named on the command line, or
    /// `None`. `is_demo` leaves out the file of the machine, which is that of a real server.
    ///
    /// # Errors
    /// A line of text. For an invalid setting it names the key, its origin and the allowed values.
    pub fn read(file: Option<&Path>, flags: &Flags, is_demo: bool) -> Result<Self, String> {
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
        let system = (!is_demo).then_some(SYSTEM_FILE);
        let usual = [DEFAULT_FILE].into_iter().chain(system).map(PathBuf::from);
        if let Some(file) = named.into_iter().chain(usual).find(|file| file.is_file()) {
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

    /// Returns the settings for the demo. They differ in the data folder: the demo has its own, unless a flag or the
    /// environment names one.
    pub fn for_demo(&self) -> Settings {
        let mut settings = self.settings.clone();
        let metadata = self.figment.find_metadata("data_dir");
        if !metadata.is_some_and(|metadata| is_environment(metadata) || is_flag(metadata)) {
            settings.data_dir = DEMO_FOLDER.into();
        }
        settings
    }

    /// Logs a warning if environment variables were ignored.
    pub fn warn(&self) {
        if !self.ignored.is_empty() {
            tracing::warn!(
                variables = self.ignored.join(", "),
                "these environment variables are ignored: Kubernetes or Docker sets them for a service of this name"
            );
        }
    }

    /// Returns a text for messages that names the origin of a setting's value.
    pub fn origin(&self, key: &str) -> String {
        self.figment
            .find_metadata(key)
            .map_or_else(|| "the defaults".to_owned(), |metadata| place(metadata, key))
    }

    /// Returns an error message: the key, the invalid value, its origin, and `fault`, which ends the sentence.
    pub fn refused(&self, key: &str, value: &str, fault: &str) -> String {
        format!("{key} = {value} (from {}) {fault}", self.origin(key))
    }
}
