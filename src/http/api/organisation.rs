//! Operations on organisations.

use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::organisation::{Organisation, OrganisationChange, OrganisationCreation},
    http::{
        form::{
            answer::{Change, Find, Make, Read},
            auth::{AdminAuth, Auth},
            body::Body,
            cursor::{default_limit, encode, page},
            list::List,
            reply::Deleted,
            rules::rules,
            thing::{Created, Found, thing},
        },
        guard::condition::expected,
    },
    service::{App, organisation},
};

/// Operations on organisations.
pub struct OrganisationApi(pub App);

thing!(Organisation, "/api/v1/organisations");

rules!(OrganisationCreation, OrganisationChange);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Organisations")]
impl OrganisationApi {
    /// Create an organisation
    ///
    /// Creates a customer, who owns locations, sensors, jobs and tokens. Needs: admin.
    #[oai(path = "/organisations", method = "post", operation_id = "create_organisation")]
    async fn create(&self, auth: AdminAuth, body: Body<OrganisationCreation>) -> Make<Created<Organisation>> {
        Ok(Created(organisation::create(&self.0, &auth.0, body.0).await?))
    }

    /// List organisations
    ///
    /// Returns all organisations for an admin, and the token's own for others. Needs: any token.
    #[oai(path = "/organisations", method = "get", operation_id = "list_organisations")]
    async fn list(
        &self,
        auth: Auth,
        /// Filter by name.
        name: Query<Option<String>>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Read<List<Organisation>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = organisation::list(&self.0, &auth.0, name.0, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Get an organisation
    ///
    /// Returns the resource with its ETag, for `If-Match`. Needs: any token that may see it.
    #[oai(path = "/organisations/:id", method = "get", operation_id = "get_organisation")]
    async fn get(
        &self,
        auth: Auth,
        /// The organisation's id.
        id: Path<Uuid>,
    ) -> Find<Found<Organisation>> {
        Ok(Found(organisation::get(&self.0, &auth.0, id.0)?))
    }

    /// Change an organisation
    ///
    /// Changes the fields that the body names. Needs: admin.
    #[oai(path = "/organisations/:id", method = "put", operation_id = "update_organisation")]
    async fn update(
        &self,
        auth: AdminAuth,
        /// The organisation's id.
        id: Path<Uuid>,
        /// The ETag of the state to change. If absent, any state is changed.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Body<OrganisationChange>,
    ) -> Change<Found<Organisation>> {
        let expected = expected(if_match.0.as_deref());
        let changed = organisation::update(&self.0, &auth.0, id.0, expected, body.0).await?;
        Ok(Found(changed))
    }

    /// Delete an organisation
    ///
    /// Deletes the organisation with its tokens, sensors, locations, sources and their versions. It must have no jobs.
    /// Needs: admin.
    #[oai(path = "/organisations/:id", method = "delete", operation_id = "delete_organisation")]
    async fn delete(
        &self,
        auth: Auth,
        /// The organisation's id.
        id: Path<Uuid>,
        /// The ETag of the state to delete. If absent, any state is deleted.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Change<Deleted> {
        let expected = expected(if_match.0.as_deref());
        organisation::delete(&self.0, &auth.0, id.0, expected).await?;
        Ok(Deleted)
    }
}
