//! Connects without TLS, in a build that leaves TLS out.

use tokio_postgres::{Config, NoTls, config};

use super::{
    errors::Error,
    options::{Options, SslMode},
    wait::{Later, mover},
};

/// Connects, and returns the client and the work that moves the connection's bytes.
///
/// # Errors
/// The setting demands TLS; the server cannot be reached, or refuses the user.
pub async fn connect(config: &Config, options: &Options) -> Result<(tokio_postgres::Client, Later), Error> {
    let mut config = config.clone();
    match options.ssl_mode()? {
        SslMode::Disable | SslMode::Prefer => config.ssl_mode(config::SslMode::Disable),
        _ => {
            return Err(Error::Setting(
                "this build of prediction-api has no TLS: set sslmode=disable".to_owned(),
            ));
        }
    };
    let (client, connection) = config.connect(NoTls).await.map_err(Error::Database)?;
    Ok((client, mover(connection)))
}
