//! Probes for whatever watches the process: no token is needed.

use poem_openapi::{Enum, Object, OpenApi};
use serde::Serialize;

use super::tag::Tag;
use crate::{
    http::form::{answer::Answer, reply::Plain},
    service::{App, clock},
};

/// How the server is.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum Status {
    /// All is well.
    Ok,
}

/// The answer of a probe.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_empty)]
pub struct Probe {
    /// How the server is; otherwise the answer is a problem.
    pub status: Status,
    /// What the operator should look at although the server works, such as a clock that has jumped; absent if nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(default)]
    pub warnings: Vec<String>,
}

impl Probe {
    fn ok(warnings: Vec<String>) -> Plain<Self> {
        Plain(Self {
            status: Status::Ok,
            warnings,
        })
    }
}

/// The probes' operations.
pub struct ProbeApi(pub App);

#[OpenApi(tag = "Tag::Probes")]
impl ProbeApi {
    /// Is the process alive?
    ///
    /// Answers as long as the process runs. For a supervisor that restarts what hangs.
    #[oai(path = "/livez", method = "get", operation_id = "livez")]
    async fn live(&self) -> Answer<Plain<Probe>> {
        Ok(Probe::ok(Vec::new()))
    }

    /// Can it serve?
    ///
    /// Answers 200 when the database can be read and written, and 503 with the reason otherwise. For a load balancer,
    /// or a script that waits for the start. `warnings` names what works and needs attention all the same.
    #[oai(path = "/readyz", method = "get", operation_id = "readyz")]
    async fn ready(&self) -> Answer<Plain<Probe>> {
        self.0.ready().await?;
        Ok(Probe::ok(clock::warnings(&self.0)?))
    }
}
