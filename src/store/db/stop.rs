//! Stops work that nobody waits for any more.

use crate::store::stop::Stop;

/// Stops a read or a copy once nobody waits for it.
pub struct StopAtEnd(pub Stop);

impl Drop for StopAtEnd {
    fn drop(&mut self) {
        self.0.set();
    }
}
