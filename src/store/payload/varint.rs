//! Whole numbers in as few bytes as they need: seven bits a byte. The highest bit says whether more bytes follow.

/// A fault of the bytes.
pub type Fault = &'static str;

const ENDS: Fault = "it ends within a number";

/// Counts the varints in the bytes.
pub fn varints(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte < 0x80).count()
}

/// Splits the bytes after the first `count` varints.
pub fn split_varints(bytes: &[u8], count: usize) -> Result<(&[u8], &[u8]), Fault> {
    if count == 0 {
        return Ok((&[], bytes));
    }
    let mut ends = (1..).zip(bytes).filter(|(_, byte)| **byte < 0x80);
    let (end, _) = ends.nth(count - 1).ok_or(ENDS)?;
    bytes.split_at_checked(end).ok_or(ENDS)
}

/// Maps small numbers of either sign to small numbers without one.
pub fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// Inverts [`zigzag`].
pub fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// Writes a number.
pub fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Reads the number at the beginning of the bytes, and leaves those that follow.
pub fn take_varint(bytes: &mut &[u8]) -> Result<u64, Fault> {
    // Most are a single byte.
    if let [byte @ ..0x80, rest @ ..] = *bytes {
        *bytes = rest;
        return Ok(u64::from(*byte));
    }
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(ENDS)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a number in it is too long")
}
