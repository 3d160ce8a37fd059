//! Operations on the audit trail.

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

/// Operations on the audit trail.
pub struct AuditApi(pub App);

/// Content of a cursor: the position at which a page of the audit trail begins.
#[derive(Serialize, Deserialize)]
struct Cursor {
    at: Timestamp,
    position: i64,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Administration")]
impl AuditApi {
    /// List the audit trail
    ///
    /// Returns who created, changed or deleted what, and when, newest first: organisations, tokens, locations, sensors,
    /// sources, their versions, jobs, alerts, feeds and webhooks. The server's setting `retention.audit_days` says how long entries
    /// are stored. A manager sees the entries of its organisation, an admin sees all. Needs: manager.
    #[oai(path = "/audit", method = "get", operation_id = "list_audit")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        auth: Auth,
        /// Filter by organisation.
        organisation_id: Query<Option<Uuid>>,
        /// Filter by the kind of the changed resource.
        kind: Query<Option<AuditKind>>,
        /// Filter by the id of the changed resource.
        id: Query<Option<Uuid>>,
        /// Filter by the id of the token that made the change.
        token: Query<Option<Uuid>>,
        /// The start of the window (inclusive).
        from: Query<Option<Timestamp>>,
        /// The end of the window (exclusive).
        to: Query<Option<Timestamp>>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
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
