//! Checks the rules for settings that their types do not express: ranges, addresses, paths and origins.

use std::path::Path;

use super::{fault::Fault, settings::Settings};
use crate::domain::clock::MAX_AHEAD_SECONDS;

/// Upper limit for settings that have no narrower range.
const MANY: u64 = 1_000_000;

fn quoted(key: &'static str, value: &str, fault: &str) -> Fault {
    Fault {
        key,
        value: format!("{value:?}"),
        fault: fault.to_owned(),
    }
}

/// Checks that each number is within its range.
///
/// # Errors
/// The first setting that is outside its range.
pub fn check_ranges(settings: &Settings) -> Result<(), Fault> {
    let Settings {
        limits,
        retention,
        log,
        metrics,
        storage,
        ..
    } = settings;
    let number = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
    let each = u64::from(limits.requests_per_second);
    for (key, value, least, most) in [
        ("log.slow_milliseconds", log.slow_milliseconds, 1, 3_600_000),
        ("limits.connections", number(limits.connections), 1, MANY),
        ("limits.idle_seconds", limits.idle_seconds, 1, 3600),
        ("limits.header_bytes", number(limits.header_bytes), 8192, 1 << 20),
        ("limits.headers", number(limits.headers), 16, 1000),
        ("limits.header_seconds", limits.header_seconds, 1, 3600),
        ("limits.body_bytes", number(limits.body_bytes), 1024, 1 << 30),
        ("limits.heads_bytes", number(limits.heads_bytes), 1 << 20, 1 << 30),
        (
            "limits.bodies_bytes",
            number(limits.bodies_bytes),
            number(limits.body_bytes),
            1 << 36,
        ),
        ("limits.body_seconds", limits.body_seconds, 1, 3600),
        ("limits.body_total_seconds", limits.body_total_seconds, 1, 86_400),
        (
            "limits.issue_ahead_seconds",
            u64::from(limits.issue_ahead_seconds),
            0,
            u64::from(MAX_AHEAD_SECONDS),
        ),
        ("limits.request_seconds", limits.request_seconds, 1, 3600),
        ("limits.stall_seconds", limits.stall_seconds, 1, 3600),
        ("limits.requests_per_second", each, 0, MANY),
        ("limits.reserve_bytes", limits.reserve_bytes, 0, 1 << 30),
        ("limits.requests_at_once", number(limits.requests_at_once), 0, MANY),
        ("limits.write_queue", number(limits.write_queue), 1, MANY),
        ("limits.scans", number(limits.scans), 1, 64),
        ("limits.scan_queue", number(limits.scan_queue), 1, MANY),
        ("storage.connections", number(storage.connections), 0, 1000),
        ("storage.connect_seconds", storage.connect_seconds, 1, 3600),
        ("storage.statement_seconds", storage.statement_seconds, 1, 86_400),
        ("storage.lock_seconds", storage.lock_seconds, 1, 3600),
        ("storage.start_seconds", storage.start_seconds, 0, 86_400),
        ("metrics.accuracy_minutes", metrics.accuracy_minutes, 0, 1440),
        ("retention.sweep_seconds", retention.sweep_seconds, 1, 86_400),
        ("retention.audit_days", retention.audit_days, 1, 36_500),
        ("retention.clock_slack_hours", retention.clock_slack_hours, 1, MANY),
    ] {
        if !(least..=most).contains(&value) {
            return Err(Fault {
                key,
                value: value.to_string(),
                fault: format!("must be from {least} to {most}"),
            });
        }
    }
    Ok(())
}

/// Checks the texts of the settings: addresses, paths and origins.
///
/// # Errors
/// The first setting with an invalid value.
pub fn check_texts(settings: &Settings) -> Result<(), Fault> {
    let Settings {
        listen,
        metrics,
        data_dir,
        tls,
        cors,
        storage,
        smtp,
        mqtt,
        public_url,
        ..
    } = settings;
    let is_none = |path: &Path| path.as_os_str().is_empty();
    for (key, path, other) in [
        ("tls.certificate", &tls.certificate, &tls.key),
        ("tls.key", &tls.key, &tls.certificate),
    ] {
        if !is_none(path) && is_none(other) {
            let fault = "is given alone: give both the certificate and the key";
            return Err(quoted(key, &path.display().to_string(), fault));
        }
    }
    if is_none(data_dir) {
        let fault = "names no folder: write . for the working folder";
        return Err(quoted("data_dir", "", fault));
    }
    for (key, address) in [("listen", listen), ("metrics.listen", &metrics.listen)] {
        let may_be_none = key == "metrics.listen" && address.is_empty();
        let port = address.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
        if !may_be_none && !matches!(port, Some(Ok(_))) {
            let fault = "is no address: write ADDRESS:PORT, such as 127.0.0.1:8000";
            return Err(quoted(key, address, fault));
        }
    }
    storage.check()?;
    smtp.check()?;
    mqtt.check()?;
    if !public_url.is_empty() && !is_public_url(public_url) {
        let fault = "is not the address of the server: write https://host or https://host/path, without / at its end";
        return Err(quoted("public_url", public_url, fault));
    }
    if let Some(bad) = cors.origins.iter().find(|origin| !is_origin(origin)) {
        let fault = "is no origin: write https://host or https://host:port, or *";
        return Err(quoted("cors.origins", bad, fault));
    }
    Ok(())
}

/// Returns whether the text is a web address to which paths can be appended.
fn is_public_url(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '?' | '#' | '@' | '\\');
    let is_web = |url: url::Url| matches!(url.scheme(), "https" | "http") && url.has_host();
    text.chars().all(is_plain) && !text.ends_with('/') && url::Url::parse(text).is_ok_and(is_web)
}

/// Returns whether the text is the origin of a page (RFC 6454) as browsers send it, or `*`.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    text == "*" || host.is_some_and(|host| !host.is_empty() && host.bytes().all(plain))
}
