//! Parses numbers in the notations that exporters and spreadsheets write.

/// Parses a number. `decimal_comma` allows a comma in place of the decimal point, for tables whose separator is not a
/// comma.
///
/// # Errors
/// The message for the client, if the text is no number, has thousands separators, or is out of range.
pub fn number(text: &str, decimal_comma: bool) -> Result<f64, &'static str> {
    let is_written_out = text.contains(|c: char| c.is_ascii_digit());
    let finite = |number: f64| {
        if number.is_infinite() && is_written_out {
            Err("is out of range: a number has a magnitude of at most 1.7976931348623157e308")
        } else {
            Ok(number)
        }
    };
    if let Ok(number) = text.parse() {
        return finite(number);
    }
    let commas = text.matches(',').count();
    if decimal_comma
        && commas == 1
        && !text.contains('.')
        && let Ok(number) = text.replace(',', ".").parse()
    {
        return finite(number);
    }
    let is_grouped = is_written_out
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-.,'_\u{2019}".contains(c));
    Err(match (is_grouped, commas) {
        (true, 1) if !decimal_comma && !text.contains('.') => {
            "has a comma: write a decimal point and no thousands separators, or separate the columns with ; or tabs"
        }
        (true, _) => "has thousands separators: write the number without them",
        _ => "must be a number",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_both_notations() {
        for (text, decimal_comma, read) in [
            ("1.5", false, 1.5),
            ("1.5", true, 1.5),
            ("1,5", true, 1.5),
            ("-1,5e3", true, -1500.0),
        ] {
            assert_eq!(number(text, decimal_comma), Ok(read), "{text}");
        }
        for (text, decimal_comma, fault) in [
            ("1,5", false, "has a comma"),
            ("1,234.5", false, "thousands"),
            ("1.234,5", true, "thousands"),
            ("1,234,567", true, "thousands"),
            ("1 234", true, "thousands"),
            ("1\u{a0}234,5", true, "thousands"),
            ("1'234.5", false, "thousands"),
            ("2e308", false, "out of range"),
            ("12 °C", false, "must be a number"),
            ("", false, "must be a number"),
        ] {
            let refused = number(text, decimal_comma).unwrap_err();
            assert!(refused.contains(fault), "{text}: {refused}");
        }
    }
}
