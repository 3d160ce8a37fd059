//! Addresses that messages may be posted to. The host must be public, unless the operator allows others. Otherwise,
//! anyone who can create a webhook could make the server call addresses that only the server can reach (server-side
//! request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Maximum length of an address, in characters.
pub const MAX_URL: usize = 2048;

/// Checks a URL that messages are to be posted to. `allow_private` permits hosts that are not public. If the host is a
/// domain name, only the name is checked here. The IP addresses of the name are checked for each connection.
///
/// # Errors
/// Returns a description of what is wrong with the address.
pub fn check(text: &str, allow_private: bool) -> Result<(), String> {
    if text.chars().count() > MAX_URL {
        return Err(format!("is longer than {MAX_URL} characters"));
    }
    // The parser would drop these characters silently and call another address than the one given.
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err("contains white space or control characters".to_owned());
    }
    let url = Url::parse(text).map_err(|fault| format!("is not a valid web address: {fault}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must begin with https:// or http://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user or a password".to_owned());
    }
    let is_refused = !allow_private
        && match url.host() {
            None => false,
            Some(Host::Ipv4(address)) => !is_public(address.into()),
            Some(Host::Ipv6(address)) => !is_public(address.into()),
            // By RFC 6761 these names always resolve to the machine itself.
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                name == "localhost" || name.ends_with(".localhost")
            }
        };
    if is_refused {
        return Err(NOT_PUBLIC.to_owned());
    }
    Ok(())
}

/// Returns the scheme, host and port of a web address. `None` if it is not one.
pub fn origin(url: Option<&str>) -> Option<String> {
    let origin = Url::parse(url?).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// Text of the error for an address that is not public.
pub const NOT_PUBLIC: &str = "leads to a loopback, private or reserved address: the operator can allow these with \
    webhooks.allow_private_addresses";

/// Returns whether an address belongs to the public internet, that is, whether it is not in IANA's registries of
/// addresses for special purposes (loopback, private, link-local, shared, multicast, reserved).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // This network, private, loopback, link-local.
        [0 | 10 | 127, ..] | [172, 16..=31, ..] | [192, 168, ..] | [169, 254, ..] => true,
        // Shared by customers of a carrier (RFC 6598), protocol assignments, 6to4 relays, benchmarks.
        [100, 64..=127, ..] | [192, 0, 0, _] | [192, 88, 99, _] | [198, 18..=19, ..] => true,
        // Documentation.
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Multicast, reserved, broadcast.
        [224..=255, ..] => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    match address.segments() {
        // A NAT64 address (RFC 6052) leads to the IPv4 address at its end.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Protocol assignments with Teredo, documentation, 6to4, documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Global unicast is the only other public range. Addresses that are loopback, unspecified, unique-local,
        // link-local, multicast or unassigned are outside of it.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in [
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for other in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "fec0::1",
            "100::1",
            "2001:db8::1",
            "2001::1",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::808:808",
            "::8.8.8.8",
        ] {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn an_address_is_refused_in_whatever_form_it_is_written() {
        for good in [
            "https://hooks.example/x?y=1",
            "http://8.8.8.8:8080/",
            "HTTPS://[2606:4700::1111]/",
        ] {
            assert_eq!(check(good, false), Ok(()), "{good}");
        }
        for private in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:7f00:1]/",
            "http://localhost:80/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://0/",
            "http://①②⑦.0.0.1/",
            "https://192.168.0.1/",
        ] {
            assert_eq!(check(private, false), Err(NOT_PUBLIC.to_owned()), "{private}");
            assert_eq!(check(private, true), Ok(()), "{private}");
        }
        for bad in [
            "",
            "x",
            "/hooks",
            "ftp://8.8.8.8/",
            "file:///etc/passwd",
            "http://",
            "https://u@hooks.example/",
            "https://:p@hooks.example/",
            "https://hooks.example/a b",
            "https://hooks\n.example/",
            " https://hooks.example/",
        ] {
            assert!(check(bad, true).is_err(), "{bad}");
        }
        assert!(check(&format!("https://hooks.example/{}", "x".repeat(2027)), true).is_err());
        assert!(check(&format!("https://hooks.example/{}", "x".repeat(2026)), true).is_ok());
    }
}
