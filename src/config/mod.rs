//! Settings: defaults, then a TOML file, then the environment, then flags. The later place wins.

mod environment;
mod fault;
mod flags;
mod in_any_case;
mod limits;
mod load;
mod log;
mod mqtt;
mod origin;
mod platform;
mod secret;
mod settings;
mod smtp;
mod storage;
mod validation;

pub use flags::{Flags, GLOBAL, ServerFlags};
pub use limits::Limits;
pub use load::{DEFAULT_FILE, Loaded};
pub use log::{Log, LogFormat, LogLevel};
pub use mqtt::Mqtt;
pub use settings::{Cors, Metrics, Retention, Settings, Tls, Webhooks};
pub use smtp::{Smtp, SmtpTls};
pub use storage::Storage;
