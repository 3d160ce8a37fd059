//! Reads JSON that has no escapes in its strings and no exponents in its numbers, byte by byte. Each function skips white
//! space, and returns `None` if something else follows than it reads, or something that the general parser must judge.

use crate::domain::decimal;

/// The largest number of digits that are exact as a 64-bit floating point number, whatever they are.
const EXACT_DIGITS: usize = 15;

/// A text, and the place up to which it has been read.
pub struct Text<'a> {
    text: &'a str,
    place: usize,
}

impl<'a> Text<'a> {
    /// Creates a text of which nothing has been read.
    pub fn new(text: &'a str) -> Self {
        Self { text, place: 0 }
    }

    /// Returns the number of bytes that have been read.
    pub fn place(&self) -> usize {
        self.place
    }

    /// Returns the text that has been read since a place.
    pub fn since(&self, place: usize) -> &'a str {
        self.text.get(place..self.place).unwrap_or_default()
    }

    /// Returns the next byte without reading it.
    pub fn peek(&mut self) -> Option<u8> {
        loop {
            match self.next()? {
                b' ' | b'\n' | b'\r' | b'\t' => self.place += 1,
                byte => return Some(byte),
            }
        }
    }

    /// Reads one byte.
    pub fn byte(&mut self, expected: u8) -> Option<()> {
        (self.peek()? == expected).then(|| self.place += 1)
    }

    /// Reads a comma, or the byte that closes an array or object. Returns whether it was a comma.
    pub fn goes_on(&mut self, close: u8) -> Option<bool> {
        let byte = self.peek()?;
        (byte == b',' || byte == close).then(|| {
            self.place += 1;
            byte == b','
        })
    }

    /// Reads an array or object between two bytes, each of whose items or members `read` reads.
    pub fn items(&mut self, open: u8, close: u8, mut read: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.byte(open)?;
        if self.peek()? == close {
            return self.byte(close);
        }
        loop {
            read(self)?;
            if !self.goes_on(close)? {
                return Some(());
            }
        }
    }

    /// Reads exactly these bytes. Returns whether they followed.
    pub fn word(&mut self, word: &[u8]) -> bool {
        let follows = self.peek().is_some() && self.rest().starts_with(word);
        if follows {
            self.place += word.len();
        }
        follows
    }

    /// Reads a string of exactly this number of bytes if `parse` accepts it. Returns `None` without reading it otherwise.
    pub fn parsed<T>(&mut self, bytes: usize, parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        self.peek()?;
        let [b'"', string @ .., b'"'] = self.rest().get(..bytes + 2)? else {
            return None;
        };
        let parsed = parse(string)?;
        self.place += bytes + 2;
        Some(parsed)
    }

    /// Reads a string.
    pub fn string(&mut self) -> Option<&'a str> {
        self.byte(b'"')?;
        let begin = self.place;
        loop {
            match self.next()? {
                b'"' => break,
                b'\\' | 0..0x20 => return None,
                _ => self.place += 1,
            }
        }
        let string = self.since(begin);
        self.place += 1;
        Some(string)
    }

    /// Reads the name of a member and its colon.
    pub fn name(&mut self) -> Option<&'a str> {
        let name = self.string()?;
        self.byte(b':')?;
        Some(name)
    }

    /// Reads a number.
    pub fn number(&mut self) -> Option<f64> {
        self.peek()?;
        let begin = self.place;
        let is_negative = self.next() == Some(b'-');
        self.place += usize::from(is_negative);
        let first = self.place;
        let (mut digits, whole) = self.digits(0);
        // JSON has no zeros before other digits.
        if whole == 0 || (whole > 1 && self.text.as_bytes()[first] == b'0') {
            return None;
        }
        let mut decimals = 0;
        if self.next() == Some(b'.') {
            self.place += 1;
            (digits, decimals) = self.digits(digits);
            if decimals == 0 {
                return None;
            }
        }
        if matches!(self.next(), Some(b'e' | b'E')) {
            return None;
        }
        let exact = decimal::POWERS
            .get(decimals)
            .filter(|_| whole + decimals <= EXACT_DIGITS);
        let (Some(power), Ok(digits)) = (exact, i64::try_from(digits)) else {
            let number: f64 = self.since(begin).parse().ok()?;
            return number.is_finite().then_some(number);
        };
        let number = decimal::unscaled(digits, *power);
        Some(if is_negative { -number } else { number })
    }

    /// Reads a value of any kind. Only its end is found. Whether it is JSON is not checked.
    pub fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.place += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.place += 1;
                }
                b',' | b':' => {
                    if depth == 0 {
                        return None;
                    }
                    self.place += 1;
                    continue;
                }
                _ => self.place += 1,
            }
            let ends = |byte: u8| matches!(byte, b',' | b'}' | b']');
            if depth == 0 && self.peek().is_none_or(ends) {
                return Some(());
            }
        }
    }

    /// Reads the end of the text.
    pub fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// Reads digits after those of a number. Returns the number with them, and how many were read. The number is
    /// meaningless if there are more than it has room for.
    fn digits(&mut self, mut number: u64) -> (u64, usize) {
        let begin = self.place;
        while let Some(digit) = self.next().map(|byte| byte.wrapping_sub(b'0'))
            && digit < 10
        {
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
            self.place += 1;
        }
        (number, self.place - begin)
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.place).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.place..).unwrap_or_default()
    }
}
