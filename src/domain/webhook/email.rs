//! E-mail addresses. They are in ASCII, so that every mail server takes them. An address cannot contain white space,
//! control characters, quotes or brackets, and thus no further header or recipient.

/// Maximum length of an address (RFC 5321), in bytes.
const MAX_ADDRESS: usize = 254;

/// Maximum length of the part before the @ (RFC 5321), in bytes.
const MAX_LOCAL: usize = 64;

/// Checks an e-mail address, such as `grower@farm.example`.
///
/// # Errors
/// Returns a description of what is wrong with the address.
pub fn check(address: &str) -> Result<(), &'static str> {
    if address.len() > MAX_ADDRESS {
        return Err("is longer than 254 characters");
    }
    let (local, domain) = address.rsplit_once('@').ok_or("is not an e-mail address")?;
    let is_atom = |atom: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        !atom.is_empty() && atom.bytes().all(is_allowed)
    };
    let is_label = |label: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_inside = !label.starts_with('-') && !label.ends_with('-');
        !label.is_empty() && label.len() <= 63 && is_inside && label.bytes().all(is_allowed)
    };
    if !address.is_ascii() {
        return Err("must be in ASCII: write the domain as xn--…");
    }
    if local.len() > MAX_LOCAL || !local.split('.').all(is_atom) || !domain.split('.').all(is_label) {
        return Err("is not an e-mail address");
    }
    Ok(())
}

/// Sender of e-mail: an address, and a name if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Name that is shown with the address.
    pub name: Option<String>,
    /// Address.
    pub address: String,
}

impl Sender {
    /// Parses an address, with or without a name: `a@farm.example` or `Farm <a@farm.example>`.
    ///
    /// # Errors
    /// Returns a description of what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let named = text.strip_suffix('>').and_then(|text| text.rsplit_once('<'));
        let (name, address) = named.map_or(("", text), |(name, address)| (name.trim(), address));
        let name = name.trim_matches('"');
        check(address)?;
        if name.contains(|c: char| c.is_control() || matches!(c, '<' | '>' | '"')) {
            return Err("has a name with characters that are not allowed");
        }
        Ok(Self {
            name: (!name.is_empty()).then(|| name.to_owned()),
            address: address.to_owned(),
        })
    }

    /// Returns the domain of the address.
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_accepted() {
        for good in [
            "a@b",
            "grower@farm.example",
            "first.last+frost@mail.farm.example",
            "o'neil@xn--bcher-kva.example",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "a",
            "@b.example",
            "a@",
            "a@b@c.example",
            "a b@c.example",
            "a@b.example\r\nBcc: c@d.example",
            "a@b.example\n",
            "<a@b.example>",
            "\"a\"@b.example",
            "a@b.example,c@d.example",
            "a..b@c.example",
            ".a@b.example",
            "a@b..example",
            "a@-b.example",
            "a@[127.0.0.1]",
            "bücher@b.example",
            "a@bücher.example",
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
        assert!(check(&format!("{}@b.example", "a".repeat(65))).is_err());
        assert!(check(&format!("a@{}example", "b.".repeat(130))).is_err());
    }

    #[test]
    fn a_sender_may_have_a_name() {
        let parsed = |text: &str| Sender::parse(text).map(|sender| (sender.name.unwrap_or_default(), sender.address));
        let ok = |name: &str, address: &str| Ok((name.to_owned(), address.to_owned()));
        assert_eq!(parsed("a@b.example"), ok("", "a@b.example"));
        assert_eq!(parsed("Obst & Söhne <a@b.example>"), ok("Obst & Söhne", "a@b.example"));
        assert_eq!(parsed("\"Farm, east\" <a@b.example>"), ok("Farm, east", "a@b.example"));
        for bad in [
            "Farm",
            "Farm <a>",
            "Farm a@b.example",
            "A\nB <a@b.example>",
            "A <b> <a@b.example>",
        ] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
        assert_eq!(Sender::parse("A <a@b.example>").unwrap().domain(), "b.example");
    }
}
