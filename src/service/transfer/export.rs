//! Writes an export.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;

use crate::{
    domain::{
        Error, Result,
        transfer::{End, FORMAT, Head, KINDS, Line, VERSION},
    },
    service::App,
    store::transfer::{read, schema},
};

/// The number of lines after which progress is reported.
const STEP: u64 = 10_000;

/// Writes everything that the database stores to `out`, as of one moment, and flushes `out`. Returns the number of lines
/// of each kind that were written, in the order of [`KINDS`]. `progress` is called with the number of lines now and
/// then.
///
/// # Errors
/// Unavailable: the database cannot be read, or `out` cannot be written.
pub async fn export(
    app: &App,
    out: impl Write + Send + 'static,
    mut progress: impl FnMut(u64) + Send + 'static,
) -> Result<Vec<(&'static str, u64)>> {
    app.read_unmapped(move |connection, now| {
        let mut out = Output { out, lines: 0 };
        out.line(&Line::Head(Head {
            format: FORMAT.to_owned(),
            version: VERSION,
            schema: schema(),
            exported_at: now,
            product: env!("CARGO_PKG_VERSION").to_owned(),
        }))?;
        let mut counts = BTreeMap::new();
        read(connection, |line| {
            *counts.entry(line.kind()).or_default() += 1;
            out.line(&line)?;
            if out.lines.is_multiple_of(STEP) {
                progress(out.lines);
            }
            Ok(())
        })?;
        let lines = counts
            .iter()
            .map(|(kind, count)| ((*kind).to_owned(), *count))
            .collect();
        out.line(&Line::End(End { lines }))?;
        out.out.flush().map_err(|error| unwritten(&error))?;
        let count = |kind: &&'static str| Some((*kind, *counts.get(kind)?));
        Ok(KINDS.iter().filter_map(count).collect())
    })
    .await
}

struct Output<W> {
    out: W,
    lines: u64,
}

impl<W: Write> Output<W> {
    fn line(&mut self, line: &impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.out, line).map_err(|error| unwritten(&error.into()))?;
        self.lines += 1;
        self.out.write_all(b"\n").map_err(|error| unwritten(&error))
    }
}

/// Returns the error for an export that cannot be written.
pub fn unwritten(error: &io::Error) -> Error {
    Error::Unavailable(format!("the export cannot be written: {error}"))
}
