//! Sources on the wire.

use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::source::{NewSource, Source, SourceChange},
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

/// The sources' operations.
pub struct SourceApi(pub App);

thing!(Source, "/api/v1/sources");

rules!(NewSource, SourceChange);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Sources")]
impl SourceApi {
    /// Make a source
    ///
    /// Registers a predictive model. A manager's belongs to its organisation; an admin's is shared unless it names an
    /// organisation. Needs: manager.
    #[oai(path = "/sources", method = "post", operation_id = "create_source")]
    async fn create(&self, auth: ManagerAuth, body: Body<NewSource>) -> Make<Created<Source>> {
        Ok(Created(source::create(&self.0, &auth.0, body.0).await?))
    }

    /// List sources
    ///
    /// Those of the token's organisation and the shared ones; an admin sees all. Needs: any token.
    #[oai(path = "/sources", method = "get", operation_id = "list_sources")]
    async fn list(
        &self,
        auth: Auth,
        /// Only those that belong to this organisation, without the shared ones.
        organisation_id: Query<Option<Uuid>>,
        /// Only of this name.
        name: Query<Option<String>>,
        /// How many rows at most.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// Where the page starts: from the `Link` of the page before.
        cursor: Query<Option<String>>,
    ) -> Read<List<Source>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = source::list(&self.0, &auth.0, organisation_id.0, name.0, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Get a source
    ///
    /// With the ETag that `If-Match` takes. Needs: any token that may see it.
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
    /// Changes the fields that the body names; null clears an optional one. A shared source is changed by admins only.
    /// Needs: manager.
    #[oai(path = "/sources/:id", method = "put", operation_id = "update_source")]
    async fn update(
        &self,
        auth: ManagerAuth,
        /// The source's id.
        id: Path<Uuid>,
        /// The ETag of the state that the change is meant for; any state if absent.
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
    /// Refused while it has versions, or a job binds its predictions. Needs: manager.
    #[oai(path = "/sources/:id", method = "delete", operation_id = "delete_source")]
    async fn delete(
        &self,
        auth: Auth,
        /// The source's id.
        id: Path<Uuid>,
        /// The ETag of the state that is to be deleted; any state if absent.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Change<Deleted> {
        let expected = expected(if_match.0.as_deref());
        source::delete(&self.0, &auth.0, id.0, expected).await?;
        Ok(Deleted)
    }
}
