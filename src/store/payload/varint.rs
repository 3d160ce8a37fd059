//! Encodes whole numbers in as few bytes as they need (varints), with seven bits in each byte. The highest bit of a
//! byte says whether more bytes follow.

/// The description of a fault in a payload.
pub type Fault = &'static str;

const ENDS: Fault = "it ends within a number";

/// Counts the varints in the bytes.
pub fn varints(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte < 0x80).count()
}

/// Splits the bytes after the first `count` varints. Returns a fault if there are fewer.
pub fn split_varints(bytes: &[u8], count: usize) -> Result<(&[u8], &[u8]), Fault> {
    if count == 0 {
        return Ok((&[], bytes));
    }
    let mut ends = (1..).zip(bytes).filter(|(_, byte)| **byte < 0x80);
    let (end, _) = ends.nth(count - 1).ok_or(ENDS)?;
    bytes.split_at_checked(end).ok_or(ENDS)
}

/// Maps signed numbers to unsigned ones, so that numbers near zero become small numbers.
pub fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// Inverts [`zigzag`].
pub fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// Appends a number to `bytes` as a varint.
pub fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Reads the varint at the beginning of `bytes`, and removes it from `bytes`.
pub fn take_varint(bytes: &mut &[u8]) -> Result<u64, Fault> {
    // Most numbers take a single byte.
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
