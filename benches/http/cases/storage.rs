//! How much room the product takes.

use crate::{Outcome, bench::Bench, report::Measured, stores::Hourly};

/// The bytes of a value as it is in memory.
const RAW: f64 = 8.0;

/// The memory that the server may take, in bytes.
const MEMORY: f64 = 150e6;

/// The file's size over the number of points, after the server has stopped well.
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

/// The most memory that the server holds while the large store is filled.
pub fn memory(bench: &Bench) -> Outcome<Measured> {
    let peak = bench.large()?.peak_memory as f64;
    Ok(Measured {
        product: format!("{:.0} MB", peak / 1e6),
        ceiling: format!("{:.0} MB", MEMORY / 1e6),
        ratio: peak / MEMORY,
    })
}
