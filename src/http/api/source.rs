//! Operations on sources.

use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::source::{Source, SourceChange, SourceCreation},
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
    service::{App, source},
};

/// Operations on sources.
pub struct SourceApi(pub App);

thing!(Source, "/api/v1/sources");

rules!(SourceCreation, SourceChange);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Sources")]
impl SourceApi {
    /// Create a source
    ///
    /// Registers a predictive model. A manager's source belongs to its organisation. An admin's source is shared unless
    /// the request names an organisation. Needs: manager.
    #[oai(path = "/sources", method = "post", operation_id = "create_source")]
    async fn create(&self, auth: ManagerAuth, body: Body<SourceCreation>) -> Make<Created<Source>> {
        Ok(Created(source::create(&self.0, &auth.0, body.0).await?))
    }

    /// List sources
    ///
    /// Returns the sources of the token's organisation and the shared ones; all for an admin. Needs: any token.
    #[oai(path = "/sources", method = "get", operation_id = "list_sources")]
    async fn list(
        &self,
        auth: Auth,
        /// Filter by organisation. Shared sources are left out.
        organisation_id: Query<Option<Uuid>>,
        /// Filter by name.
        name: Query<Option<String>>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Read<List<Source>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = source::list(&self.0, &auth.0, organisation_id.0, name.0, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Get a source
    ///
    /// Returns the resource with its ETag, for `If-Match`. Needs: any token that may see it.
    #[oai(path = "/sources/:id", method = "get", operation_id = "get_source")]
    async fn get(
        &self,
        auth: Auth,
        /// The source's id.
        id: Path<Uuid>,
    ) -> Find<Found<Source>> {
        Ok(Found(source::get(&self.0, &auth.0, id.0)?))
    }

    /// Change a source
    ///
    /// Changes the fields that the body names. null clears an optional field. Only admins may change a shared source.
    /// Needs: manager.
    #[oai(path = "/sources/:id", method = "put", operation_id = "update_source")]
    async fn update(
        &self,
        auth: ManagerAuth,
        /// The source's id.
        id: Path<Uuid>,
        /// The ETag of the state to change. If absent, any state is changed.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Body<SourceChange>,
    ) -> Change<Found<Source>> {
        let expected = expected(if_match.0.as_deref());
        let changed = source::update(&self.0, &auth.0, id.0, expected, body.0).await?;
        Ok(Found(changed))
    }

    /// Delete a source
    ///
    /// Deletes the source. It must have no versions, and no job may bind its predictions. Needs: manager.
    #[oai(path = "/sources/:id", method = "delete", operation_id = "delete_source")]
    async fn delete(
        &self,
        auth: Auth,
        /// The source's id.
        id: Path<Uuid>,
        /// The ETag of the state to delete. If absent, any state is deleted.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Change<Deleted> {
        let expected = expected(if_match.0.as_deref());
        source::delete(&self.0, &auth.0, id.0, expected).await?;
        Ok(Deleted)
    }
}
