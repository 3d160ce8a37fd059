//! A fault in a setting.

/// A setting with an invalid value.
pub struct Fault {
    /// Key of the setting with its section, such as `log.level`.
    pub key: &'static str,
    /// Invalid value in the notation of TOML.
    pub value: String,
    /// Description of the fault, as the end of a sentence that begins with the setting.
    pub fault: String,
}
