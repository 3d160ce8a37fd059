//! Health checks, which need no token.

use poem_openapi::{Enum, Object, OpenApi};
use serde::Serialize;

use super::tag::Tag;
use crate::{
    http::form::{answer::Answer, reply::Plain},
    service::{App, broker, clock},
};

/// The state of the server.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum Status {
    /// The server works.
    Ok,
}

/// The engine of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum Engine {
    /// A file of SQLite.
    Sqlite,
    /// A server of PostgreSQL.
    Postgresql,
}

/// The result of a health check.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_empty)]
pub struct Probe {
    /// Always `ok`. If the server does not work, the response is a problem.
    pub status: Status,
    /// The engine that stores the data. Only in the response of `/readyz`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<Engine>,
    /// Conditions that need attention although the server works, such as a clock that has jumped. Absent if there are
    /// none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(default)]
    pub warnings: Vec<String>,
}

impl Probe {
    fn ok(engine: Option<Engine>, warnings: Vec<String>) -> Plain<Self> {
        Plain(Self {
            status: Status::Ok,
            engine,
            warnings,
        })
    }
}

/// Operations for health checks.
pub struct ProbeApi(pub App);

#[OpenApi(tag = "Tag::Probes")]
impl ProbeApi {
    /// Health check: liveness
    ///
    /// Responds as long as the process runs. For a supervisor that restarts a process without a response.
    #[oai(path = "/livez", method = "get", operation_id = "livez")]
    async fn live(&self) -> Answer<Plain<Probe>> {
        Ok(Probe::ok(None, Vec::new()))
    }

    /// Health check: readiness
    ///
    /// Responds with 200 when the database can be read and written, and otherwise with 503 and the reason. For a load
    /// balancer, or a script that waits for the start. `engine` is that of the database. `warnings` lists what works but
    /// needs attention.
    #[oai(path = "/readyz", method = "get", operation_id = "readyz")]
    async fn ready(&self) -> Answer<Plain<Probe>> {
        self.0.ready().await?;
        let engine = match self.0.is_on_postgres() {
            true => Engine::Postgresql,
            false => Engine::Sqlite,
        };
        let mut warnings = clock::warnings(&self.0)?;
        warnings.extend(broker::warning(&self.0));
        Ok(Probe::ok(Some(engine), warnings))
    }
}
