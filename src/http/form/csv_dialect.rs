//! Detection of a CSV table's dialect: its line endings and its separator.

use std::borrow::Cow;

/// Replaces carriage returns with line feeds, if the lines end with carriage returns alone, as in files of old
/// spreadsheets. Returns other tables unchanged.
pub fn with_line_feeds(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.contains(&b'\n') || !bytes.contains(&b'\r') {
        return Cow::Borrowed(bytes);
    }
    let feed = |byte: &u8| if *byte == b'\r' { b'\n' } else { *byte };
    Cow::Owned(bytes.iter().map(feed).collect())
}

/// Returns the separator that a first line such as `sep=;` declares, and the offset in bytes at which the table begins.
/// Some spreadsheets write and read this line. Returns `None` and 0 if there is no such line.
pub fn directive(bytes: &[u8]) -> (Option<u8>, usize) {
    let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
    match bytes {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator, rest @ ..]
            if b",;\t|".contains(separator) && rest.first().is_none_or(is_break) =>
        {
            (Some(*separator), 5)
        }
        _ => (None, 0),
    }
}

/// Returns the first line that is neither blank nor a comment, which is the header line. Empty if there is none.
pub fn header_line(bytes: &[u8]) -> &[u8] {
    let mut lines = bytes.split(|byte| matches!(byte, b'\r' | b'\n'));
    lines
        .find(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"#"))
        .unwrap_or_default()
}

/// Returns the separator of a header line: the one of tab, semicolon and comma that occurs most often. With equal
/// counts, the comma precedes the semicolon, and the semicolon the tab.
pub fn delimiter_of(header: &[u8]) -> u8 {
    let count = |separator: u8| header.iter().filter(|byte| **byte == separator).count();
    let best = [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|separator| count(*separator));
    best.unwrap_or(b',')
}
