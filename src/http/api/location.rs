//! Locations on the wire.

use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::location::{Location, LocationChange, NewLocation},
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

/// The locations' operations.
pub struct LocationApi(pub App);

thing!(Location, "/api/v1/locations");

rules!(NewLocation, LocationChange);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Locations")]
impl LocationApi {
    /// Make a location
    ///
    /// A named point of an organisation. Needs: manager.
    #[oai(path = "/locations", method = "post", operation_id = "create_location")]
    async fn create(&self, auth: ManagerAuth, body: Body<NewLocation>) -> Make<Created<Location>> {
        Ok(Created(location::create(&self.0, &auth.0, body.0).await?))
    }

    /// List locations
    ///
    /// Those of the token's organisation; an admin sees all. Needs: any token.
    #[oai(path = "/locations", method = "get", operation_id = "list_locations")]
    async fn list(
        &self,
        auth: Auth,
        /// Only of this organisation.
        organisation_id: Query<Option<Uuid>>,
        /// Only of this name.
        name: Query<Option<String>>,
        /// How many rows at most.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// Where the page starts: from the `Link` of the page before.
        cursor: Query<Option<String>>,
    ) -> Read<List<Location>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = location::list(&self.0, &auth.0, organisation_id.0, name.0, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Get a location
    ///
    /// With the ETag that `If-Match` takes. Needs: any token that may see it.
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
    /// Changes the fields that the body names; null clears an optional one. Needs: manager.
    #[oai(path = "/locations/:id", method = "put", operation_id = "update_location")]
    async fn update(
        &self,
        auth: ManagerAuth,
        /// The location's id.
        id: Path<Uuid>,
        /// The ETag of the state that the change is meant for; any state if absent.
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
    /// Refused while a job is for it or binds it, or a sensor stands there. Needs: manager.
    #[oai(path = "/locations/:id", method = "delete", operation_id = "delete_location")]
    async fn delete(
        &self,
        auth: Auth,
        /// The location's id.
        id: Path<Uuid>,
        /// The ETag of the state that is to be deleted; any state if absent.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Change<Deleted> {
        let expected = expected(if_match.0.as_deref());
        location::delete(&self.0, &auth.0, id.0, expected).await?;
        Ok(Deleted)
    }
}
