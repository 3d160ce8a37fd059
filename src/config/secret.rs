//! Secrets among the settings.

/// Text that is shown instead of a secret.
pub const HIDDEN: &str = "***";

/// Returns what is shown instead of a secret: nothing if it is empty.
pub fn hidden(secret: &str) -> String {
    match secret.is_empty() {
        true => String::new(),
        false => HIDDEN.to_owned(),
    }
}
