//! Times relative to the present in queries, as dashboards such as Grafana write them: `now`, `now-6h`, `now+2d`.

use super::Timestamp;

/// Units with their length in seconds.
const UNITS: [(char, i64); 5] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];

/// Returns the time that the text means at `now`: `now`, or `now` with a sign, a whole number and a unit (`s`, `m`, `h`,
/// `d`, `w`). A `+` that the client did not escape is decoded to a space. Returns `None` if the text has another form.
pub fn resolve(text: &str, now: Timestamp) -> Option<Timestamp> {
    let rest = text.strip_prefix("now")?;
    if rest.is_empty() {
        return Some(now);
    }
    let direction = match rest.chars().next()? {
        '-' => -1,
        '+' | ' ' => 1,
        _ => return None,
    };
    let (number, unit) = rest[1..].split_at_checked(rest.len().checked_sub(2)?)?;
    let length = UNITS
        .iter()
        .find_map(|(name, length)| unit.chars().eq([*name]).then_some(*length))?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = number.parse().ok().filter(|_| is_number)?;
    Some(now.plus_seconds(direction * number.checked_mul(length)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_relative_to_the_present_has_a_sign_a_number_and_a_unit() {
        let now = Timestamp::parse("2023-10-27T00:00:00Z").unwrap();
        for (text, expected) in [
            ("now", "2023-10-27T00:00:00Z"),
            ("now-1h", "2023-10-26T23:00:00Z"),
            ("now-90s", "2023-10-26T23:58:30Z"),
            ("now+15m", "2023-10-27T00:15:00Z"),
            ("now 2d", "2023-10-29T00:00:00Z"),
            ("now-2w", "2023-10-13T00:00:00Z"),
            ("now-9999999999d", "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(resolve(text, now).unwrap().to_string(), expected, "{text}");
        }
        for text in [
            "",
            "no",
            "Now",
            "now-",
            "now-h",
            "now-1",
            "now-1y",
            "now-1M",
            "now1h",
            "now--1h",
            "now-1.5h",
            "now-1hé",
            "now-é",
            "now/d",
            "now-99999999999999999999d",
            "now-9223372036854775807d",
        ] {
            assert_eq!(resolve(text, now), None, "{text}");
        }
    }
}
