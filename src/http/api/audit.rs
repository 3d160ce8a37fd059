//! The audit trail on the wire.

use poem_openapi::{OpenApi, param::Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::{
        Timestamp,
        audit::{AuditEntry, AuditFilter, AuditKind, AuditPage},
    },
    http::form::{
        answer::Read,
        auth::Auth,
        cursor::{decode, default_limit, encode, rows},
        list::List,
    },
    service::{App, audit},
};

/// The trail's operations.
pub struct AuditApi(pub App);

/// Where a page of the trail begins.
#[derive(Serialize, Deserialize)]
struct Cursor {
    at: Timestamp,
    position: i64,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Administration")]
impl AuditApi {
    /// List the audit trail
    ///
    /// Who made, changed or deleted what, and when, newest first: organisations, tokens, locations, sensors, sources,
    /// their versions, jobs and webhooks. Entries are kept as long as the server's setting `retention.audit_days` says. A manager
    /// sees what concerns its organisation, an admin all. Needs: manager.
    #[oai(path = "/audit", method = "get", operation_id = "list_audit")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        auth: Auth,
        /// Only what concerns this organisation.
        organisation_id: Query<Option<Uuid>>,
        /// Only what was done to things of this kind.
        kind: Query<Option<AuditKind>>,
        /// Only what was done to the thing of this id.
        id: Query<Option<Uuid>>,
        /// Only what was done with the token of this id.
        token: Query<Option<Uuid>>,
        /// From this time on.
        from: Query<Option<Timestamp>>,
        /// Up to this time, without it.
        to: Query<Option<Timestamp>>,
        /// How many rows at most.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// Where the page starts: from the `Link` of the page before.
        cursor: Query<Option<String>>,
    ) -> Read<List<AuditEntry>> {
        let filter = AuditFilter {
            organisation_id: organisation_id.0,
            kind: kind.0,
            id: id.0,
            token: token.0,
            from: from.0,
            to: to.0,
        };
        let cursor: Option<Cursor> = cursor.0.as_deref().map(decode).transpose()?;
        let page = AuditPage {
            after: cursor.map(|cursor| (cursor.at, cursor.position)),
            limit: rows(limit.0),
        };
        let listed = audit::list(&self.0, &auth.0, filter, page).await?;
        Ok(List::new(listed, |last| {
            encode(&Cursor {
                at: last.at,
                position: last.position,
            })
        }))
    }
}
