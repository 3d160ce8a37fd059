//! The words of a text that is nearly JSON, and the places where they stand.

use std::ops::Range;

use crate::http::document::pointer::escape;

/// Walks a text that is nearly JSON and stops at each word that is not a string: a number, `true`, or anything else.
pub struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
    within: Vec<Within>,
    /// Whether the next string is a member's name.
    names: bool,
}

/// The array or object that a word is in.
enum Within {
    /// The index in an array.
    Item(usize),
    /// The name in an object, with its quotes; empty before the first.
    Member(Range<usize>),
}

/// The depth of nesting at which serde_json refuses a text.
const DEEPEST: usize = 128;

impl<'a> Words<'a> {
    /// The words of a text.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            within: Vec::new(),
            names: false,
        }
    }

    /// The next word.
    pub fn next(&mut self) -> Option<Range<usize>> {
        self.next_before(self.bytes.len())
    }

    /// The next word that begins before `end`.
    fn next_before(&mut self, end: usize) -> Option<Range<usize>> {
        while self.at < end {
            let start = self.at;
            self.at += 1;
            match self.bytes[start] {
                // The parser gives up at this depth, too, so that nothing beyond it is of interest.
                b'{' | b'[' if self.within.len() >= DEEPEST => return None,
                b'{' => {
                    self.within.push(Within::Member(0..0));
                    self.names = true;
                }
                b'[' => {
                    self.within.push(Within::Item(0));
                    self.names = false;
                }
                b'}' | b']' => {
                    self.within.pop();
                }
                b',' => match self.within.last_mut() {
                    Some(Within::Item(index)) => *index += 1,
                    Some(Within::Member(_)) => self.names = true,
                    None => {}
                },
                b':' => self.names = false,
                b'"' => {
                    self.skip_string();
                    if let Some(Within::Member(name)) = self.within.last_mut()
                        && self.names
                    {
                        *name = start..self.at;
                    }
                }
                byte if byte.is_ascii_whitespace() => {}
                _ => {
                    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b",:[]{}\"".contains(byte);
                    let length = self.bytes[start..].iter().position(is_end);
                    self.at = length.map_or(self.bytes.len(), |length| start + length);
                    return Some(start..self.at);
                }
            }
        }
        None
    }

    fn skip_string(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at = (self.at + 1).min(self.bytes.len()),
                b'"' => return,
                _ => {}
            }
        }
    }

    /// The JSON pointer of the place that was reached.
    pub fn pointer(&self) -> String {
        let part = |within: &Within| match within {
            Within::Item(index) => format!("/{index}"),
            Within::Member(name) => {
                let name = serde_json::from_slice::<String>(&self.bytes[name.clone()]);
                name.map_or_else(|_| String::new(), |name| format!("/{}", escape(&name)))
            }
        };
        // Where a member's name is expected, the name of the member before says nothing.
        let named = self.within.len() - usize::from(self.names && !self.within.is_empty());
        // What is nested deeper than any body of the API is not spelled out.
        self.within[..named].iter().take(20).map(part).collect()
    }

    /// The JSON pointer of the place at an offset.
    pub fn pointer_at(mut self, offset: usize) -> String {
        while self.next_before(offset).is_some() {}
        self.pointer()
    }
}
