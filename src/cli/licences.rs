//! `licences`: prints the licences of the components that the executable contains.

use super::{Outcome, print};
use crate::http;

/// Prints the texts of all licences.
pub fn run() -> Outcome {
    print(http::licences().trim_end())
}
