//! Checks whether the server's address is free, or the server can be reached there.

use std::{
    io,
    net::{TcpListener, ToSocketAddrs},
};

use super::Finding;
use crate::{
    cli::{
        health::TIMEOUT,
        listen::{reachable, with_host},
        lock,
    },
    config::Settings,
    service::probe,
};

const ADDRESS: &str = "address";

/// Checks the address that the server listens on.
pub async fn address(settings: &Settings) -> Finding {
    let full = with_host(&settings.listen);
    let is_served = !settings.storage.is_postgres() && lock::is_held(&settings.data_dir);
    match TcpListener::bind(&full) {
        Ok(_) if is_served => Finding::warning(
            ADDRESS,
            format!("a server uses the data folder, but not at {full}: give its address with --listen"),
        ),
        Ok(_) => Finding::ok(ADDRESS, format!("{full} is free; no server is running there")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => running(settings, &full).await,
        Err(error) => Finding::error(
            ADDRESS,
            format!("cannot listen on {full}: {error}; give it as ADDRESS:PORT with --listen"),
        ),
    }
}

/// Asks the program that uses the address whether it is a server that is ready.
async fn running(settings: &Settings, full: &str) -> Finding {
    let address = full.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    let host = address.map_or_else(|| full.to_owned(), |address| reachable(address).to_string());
    let scheme = match settings.tls.certificate.as_os_str().is_empty() {
        true => "http",
        false => "https",
    };
    let url = format!("{scheme}://{host}{}/readyz", settings.base_path);
    match probe::get(&url, TIMEOUT).await {
        Ok((200, _)) => Finding::ok(ADDRESS, format!("a server is running and ready: {url}")),
        Ok((status, body)) => Finding::error(ADDRESS, format!("{url} responds with {status}: {}", body.trim())),
        Err(error) => Finding::error(
            ADDRESS,
            format!(
                "another program uses {full}, or the server is not ready ({url}: {error}): see the log, or --listen"
            ),
        ),
    }
}
