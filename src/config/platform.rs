//! Recognises environment variables that container platforms set for a service, and that are not settings.

/// Returns whether a variable was set by Kubernetes for a service, or by Docker for a link, whose name begins with the
/// name of this program. `name` is the variable's name without the program's prefix, such as `SERVICE_HOST`,
/// `SERVICE_PORT`, `SERVICE_PORT_HTTP`, `PORT` (with a value such as `tcp://...`), `PORT_8000_TCP_ADDR`, `NAME` (with a
/// value such as `/a/b`) or `ENV_PATH`.
pub fn is_of_a_platform(name: &str, value: &str) -> bool {
    // The service may have a longer name, such as prediction-api-metrics, so each part after an underscore is tried.
    let mut starts = vec![0];
    starts.extend(name.match_indices('_').map(|(at, _)| at + 1));
    let rests = starts.into_iter().filter_map(|at| name.get(at..));
    let mut rests = rests.filter(|rest| !rest.starts_with('_'));
    rests.any(|rest| {
        let is_service = rest == "SERVICE_HOST" || rest == "SERVICE_PORT" || rest.starts_with("SERVICE_PORT_");
        let is_address = ["tcp://", "udp://", "sctp://"]
            .iter()
            .any(|scheme| value.starts_with(scheme));
        let is_link = (rest == "NAME" && value.starts_with('/')) || rest.starts_with("ENV_");
        is_service || (rest == "PORT" && is_address) || is_port(rest) || is_link
    })
}

/// Returns whether `rest` is `PORT_<number>_<protocol>`, or begins with it.
fn is_port(rest: &str) -> bool {
    let Some((number, protocol)) = rest.strip_prefix("PORT_").and_then(|rest| rest.split_once('_')) else {
        return false;
    };
    let protocol = protocol.split('_').next();
    number.parse::<u16>().is_ok() && matches!(protocol, Some("TCP" | "UDP" | "SCTP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignores(name: &str, value: &str) -> bool {
        is_of_a_platform(name, value)
    }

    #[test]
    fn only_what_platforms_set_is_ignored() {
        for (name, value) in [
            ("PORT", "tcp://10.0.0.1:8000"),
            ("SERVICE_HOST", "10.0.0.1"),
            ("SERVICE_PORT", "8000"),
            ("SERVICE_PORT_HTTP", "8000"),
            ("PORT_8000_TCP", "tcp://10.0.0.1:8000"),
            ("PORT_8000_UDP_ADDR", "10.0.0.1"),
            ("PORT_8000_TCP_PROTO", "tcp"),
            ("METRICS_SERVICE_HOST", "10.0.0.2"),
            ("METRICS_PORT_9100_TCP_PORT", "9100"),
            ("METRICS_PORT", "tcp://10.0.0.2:9100"),
            ("NAME", "/worker/prediction-api"),
            ("ENV_PATH", "/usr/bin"),
        ] {
            assert!(ignores(name, value), "{name}");
        }
        for (name, value) in [
            ("PORT", "8000"),
            ("NAME", "farm"),
            ("PORT_A_TCP", "x"),
            ("LISTEN", "tcp://10.0.0.1:8000"),
            ("SERVICE", "x"),
            ("HOST", "10.0.0.1"),
        ] {
            assert!(!ignores(name, value), "{name}");
        }
    }
}
