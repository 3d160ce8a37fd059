//! Finds the words of a text that is nearly JSON, with the JSON pointer of each.

use std::ops::Range;

use crate::http::document::pointer::escape;

/// Iterator over the words of a text that is nearly JSON. A word is any value except strings, arrays and objects: a
/// number, `true`, or characters that JSON does not allow, such as `NaN`.
pub struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
    within: Vec<Within>,
    /// Whether the next string is the name of an object's member, not a value.
    names: bool,
}

/// Array or object that contains a word.
enum Within {
    /// Array, with the index of the current item.
    Item(usize),
    /// Object, with the range of the current member's name and its quotes; empty before the first member.
    Member(Range<usize>),
}

/// Depth of nesting at which serde_json stops with an error.
const DEEPEST: usize = 128;

impl<'a> Words<'a> {
    /// Creates the iterator at the start of a text.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            within: Vec::new(),
            names: false,
        }
    }

    /// Returns the range of the next word in bytes. `None` at the end.
    pub fn next(&mut self) -> Option<Range<usize>> {
        self.next_before(self.bytes.len())
    }

    /// Returns the range of the next word that begins before the offset `end`. `None` if there is none.
    fn next_before(&mut self, end: usize) -> Option<Range<usize>> {
        while self.at < end {
            let start = self.at;
            self.at += 1;
            match self.bytes[start] {
                // The parser stops at this depth too, so that later words do not matter.
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

    /// Returns the JSON pointer of the current word.
    pub fn pointer(&self) -> String {
        let part = |within: &Within| match within {
            Within::Item(index) => format!("/{index}"),
            Within::Member(name) => {
                let name = serde_json::from_slice::<String>(&self.bytes[name.clone()]);
                name.map_or_else(|_| String::new(), |name| format!("/{}", escape(&name)))
            }
        };
        // While the name of the next member is expected, the pointer must not contain the previous member.
        let named = self.within.len() - usize::from(self.names && !self.within.is_empty());
        // No body of the API is nested more than 20 levels deep, so that the pointer is cut there.
        self.within[..named].iter().take(20).map(part).collect()
    }

    /// Returns the JSON pointer of the value at an offset in bytes.
    pub fn pointer_at(mut self, offset: usize) -> String {
        while self.next_before(offset).is_some() {}
        self.pointer()
    }
}
