//! Operations on locations.

use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::location::{Location, LocationChange, LocationCreation},
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
    service::{App, location},
};

/// Operations on locations.
pub struct LocationApi(pub App);

thing!(Location, "/api/v1/locations");

rules!(LocationCreation, LocationChange);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Locations")]
impl LocationApi {
    /// Create a location
    ///
    /// Creates a place of an organisation, with coordinates. Needs: manager.
    #[oai(path = "/locations", method = "post", operation_id = "create_location")]
    async fn create(&self, auth: ManagerAuth, body: Body<LocationCreation>) -> Make<Created<Location>> {
        Ok(Created(location::create(&self.0, &auth.0, body.0).await?))
    }

    /// List locations
    ///
    /// Returns the token's organisation's entries; all for an admin. Needs: any token.
    #[oai(path = "/locations", method = "get", operation_id = "list_locations")]
    async fn list(
        &self,
        auth: Auth,
        /// Filter by organisation.
        organisation_id: Query<Option<Uuid>>,
        /// Filter by name.
        name: Query<Option<String>>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Read<List<Location>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = location::list(&self.0, &auth.0, organisation_id.0, name.0, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Get a location
    ///
    /// Returns the resource with its ETag, for `If-Match`. Needs: any token that may see it.
    #[oai(path = "/locations/:id", method = "get", operation_id = "get_location")]
    async fn get(
        &self,
        auth: Auth,
        /// The location's id.
        id: Path<Uuid>,
    ) -> Find<Found<Location>> {
        Ok(Found(location::get(&self.0, &auth.0, id.0)?))
    }

    /// Change a location
    ///
    /// Changes the fields that the body names. null clears an optional field. Needs: manager.
    #[oai(path = "/locations/:id", method = "put", operation_id = "update_location")]
    async fn update(
        &self,
        auth: ManagerAuth,
        /// The location's id.
        id: Path<Uuid>,
        /// The ETag of the state to change. If absent, any state is changed.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Body<LocationChange>,
    ) -> Change<Found<Location>> {
        let expected = expected(if_match.0.as_deref());
        let changed = location::update(&self.0, &auth.0, id.0, expected, body.0).await?;
        Ok(Found(changed))
    }

    /// Delete a location
    ///
    /// Deletes the location. It must not be in use by a job or a sensor. Needs: manager.
    #[oai(path = "/locations/:id", method = "delete", operation_id = "delete_location")]
    async fn delete(
        &self,
        auth: Auth,
        /// The location's id.
        id: Path<Uuid>,
        /// The ETag of the state to delete. If absent, any state is deleted.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Change<Deleted> {
        let expected = expected(if_match.0.as_deref());
        location::delete(&self.0, &auth.0, id.0, expected).await?;
        Ok(Deleted)
    }
}
