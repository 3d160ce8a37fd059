//! The lines of an export that is read: their numbers, and the hash of all lines so far.

use std::io::{self, BufRead, Read};

use sha2::{Digest, Sha256};

use crate::domain::{Error, Result};

/// The longest line that is read, in bytes. A run of a million points is far shorter.
const LONGEST: u64 = 256 * 1024 * 1024;

/// Reads the lines of an export.
pub struct Lines<R> {
    input: R,
    text: Vec<u8>,
    hash: Sha256,
    /// The number of lines that were read.
    pub read: u64,
}

impl<R: BufRead> Lines<R> {
    /// Begins with the first line of `input`.
    pub fn new(input: R) -> Self {
        Self {
            input,
            text: Vec::new(),
            hash: Sha256::new(),
            read: 0,
        }
    }

    /// Returns the next line without its line feed. `None` at the end.
    ///
    /// # Errors
    /// Conflict: the line is not text, is cut or is too long, or the input cannot be read.
    pub fn next(&mut self) -> Result<Option<&str>> {
        self.text.clear();
        let found = (&mut self.input).take(LONGEST).read_until(b'\n', &mut self.text);
        found.map_err(|error| unreadable(&error))?;
        if self.text.is_empty() {
            return Ok(None);
        }
        self.read += 1;
        if self.text.last() != Some(&b'\n') {
            let is_long = self.text.len() as u64 == LONGEST;
            let reason = if is_long {
                "is longer than 256 MiB"
            } else if str::from_utf8(&self.text).is_err() {
                NO_TEXT
            } else {
                "is cut: the file is incomplete"
            };
            return Err(refused(self.read, reason));
        }
        self.hash.update(&self.text);
        let text = str::from_utf8(&self.text).map_err(|_| refused(self.read, NO_TEXT))?;
        Ok(Some(text.trim_end_matches(['\n', '\r'])))
    }

    /// Returns the SHA-256 of all lines that were read.
    pub fn hash(&self) -> Vec<u8> {
        self.hash.clone().finalize().to_vec()
    }
}

const NO_TEXT: &str = "is not UTF-8 text: a compressed file must be decompressed first";

/// Returns the error for a line that cannot be imported.
pub fn refused(line: u64, reason: impl std::fmt::Display) -> Error {
    Error::conflict(format!("line {line}: {reason}"), None)
}

fn unreadable(error: &io::Error) -> Error {
    Error::conflict(format!("it cannot be read: {error}"), None)
}
