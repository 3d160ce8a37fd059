//! Operations on source versions, which are immutable: there is no PUT.

use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::source_version::{SourceVersion, SourceVersionCreation},
    http::{
        form::{
            answer::{Change, Find, Make, Read},
            auth::{Auth, ManagerAuth},
            body::Body,
            cursor::{default_limit, encode, page},
            list::List,
            reply::Deleted,
            rules::rules,
            thing::{Created, Found, thing},
        },
        guard::condition::expected,
    },
    service::{App, source_version},
};

/// Operations on source versions.
pub struct SourceVersionApi(pub App);

thing!(SourceVersion, "/api/v1/source_versions");

rules!(SourceVersionCreation);

/// Path of source versions, and the reason why there is no PUT.
pub const IMMUTABLE: (&str, &str) = (
    "/api/v1/source_versions/{id}",
    "source versions are immutable: publish a new one with POST /api/v1/source_versions",
);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::SourceVersions")]
impl SourceVersionApi {
    /// Publish a source version
    ///
    /// Publishes a version, which never changes afterwards. Its roles are the contract of the jobs that are pinned to
    /// it. Needs: manager (of a shared source: admin).
    #[oai(path = "/source_versions", method = "post", operation_id = "create_source_version")]
    async fn create(&self, auth: ManagerAuth, body: Body<SourceVersionCreation>) -> Make<Created<SourceVersion>> {
        let made = source_version::create(&self.0, &auth.0, body.0).await?;
        Ok(Created(made))
    }

    /// List source versions
    ///
    /// Returns the versions of the sources that the token may see. Needs: any token.
    #[oai(path = "/source_versions", method = "get", operation_id = "list_source_versions")]
    async fn list(
        &self,
        auth: Auth,
        /// Filter by source.
        source_id: Query<Option<Uuid>>,
        /// Filter by label.
        version: Query<Option<String>>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Read<List<SourceVersion>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = source_version::list(&self.0, &auth.0, source_id.0, version.0, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Get a source version
    ///
    /// Returns the version with its roles. Needs: any token that may see its source.
    #[oai(path = "/source_versions/:id", method = "get", operation_id = "get_source_version")]
    async fn get(
        &self,
        auth: Auth,
        /// The source version's id.
        id: Path<Uuid>,
    ) -> Find<Found<SourceVersion>> {
        Ok(Found(source_version::get(&self.0, &auth.0, id.0)?))
    }

    /// Delete a source version
    ///
    /// Deletes the version. No job may be pinned to it or have it on trial. Needs: manager (of a shared source: admin).
    #[oai(
        path = "/source_versions/:id",
        method = "delete",
        operation_id = "delete_source_version"
    )]
    async fn delete(
        &self,
        auth: Auth,
        /// The source version's id.
        id: Path<Uuid>,
        /// The ETag of the state to delete. If absent, any state is deleted.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Change<Deleted> {
        let expected = expected(if_match.0.as_deref());
        source_version::delete(&self.0, &auth.0, id.0, expected).await?;
        Ok(Deleted)
    }
}
