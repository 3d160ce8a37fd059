//! The cases of disk space and memory.

use crate::{Outcome, bench::Bench, report::Measured, stores::Hourly};

/// Size of a value in memory, in bytes.
const RAW: f64 = 8.0;

/// Limit of the server's memory, in bytes.
const MEMORY: f64 = 150e6;

/// Measures the file's size over the number of points, after the server has stopped.
pub fn bytes(bench: &Bench) -> Outcome<Measured> {
    let hourly = Hourly::fill(&bench.client)?;
    let size = std::fs::metadata(hourly.product.stop()?)?.len();
    let a_point = size as f64 / hourly.points as f64;
    eprintln!("  {size} bytes of {} points", hourly.points);
    Ok(Measured {
        product: format!("{a_point:.2} B"),
        ceiling: format!("{RAW} B"),
        ratio: a_point / RAW,
    })
}

/// Measures the largest amount of memory that the server uses while the large store is filled.
pub fn memory(bench: &Bench) -> Outcome<Measured> {
    let peak = bench.large()?.peak_memory as f64;
    Ok(Measured {
        product: format!("{:.0} MB", peak / 1e6),
        ceiling: format!("{:.0} MB", MEMORY / 1e6),
        ratio: peak / MEMORY,
    })
}
