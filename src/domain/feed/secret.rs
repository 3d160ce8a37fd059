//! Secrets of feeds.

use uuid::Uuid;

/// Returns a new secret: `pf_` and 64 hexadecimal digits, which contain 244 random bits from the operating system.
pub fn new_secret() -> String {
    let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
    format!("pf_{}{}", a.simple(), b.simple())
}
