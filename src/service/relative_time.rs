//! Times relative to the present, such as `now-1h`, in the queries of dashboards.

use super::App;
use crate::domain::{Timestamp, relative_time};

/// Returns the function that resolves the texts of one request. All of them are relative to the same present.
pub fn resolver(app: &App) -> impl Fn(&str) -> Option<Timestamp> {
    let now = app.now();
    move |text| relative_time::resolve(text, now)
}
