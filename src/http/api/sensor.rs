//! Operations on sensors.

use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::sensor::{Sensor, SensorChange, SensorCreation, SensorFilter},
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
    service::{App, sensor},
};

/// Operations on sensors.
pub struct SensorApi(pub App);

thing!(Sensor, "/api/v1/sensors");

rules!(SensorCreation, SensorChange);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Sensors")]
impl SensorApi {
    /// Create a sensor
    ///
    /// Creates a sensor, which measures one metric, optionally at a location. Needs: manager.
    #[oai(path = "/sensors", method = "post", operation_id = "create_sensor")]
    async fn create(&self, auth: ManagerAuth, body: Body<SensorCreation>) -> Make<Created<Sensor>> {
        Ok(Created(sensor::create(&self.0, &auth.0, body.0).await?))
    }

    /// List sensors
    ///
    /// Returns the token's organisation's entries; all for an admin. Needs: any token.
    #[oai(path = "/sensors", method = "get", operation_id = "list_sensors")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn list(
        &self,
        auth: Auth,
        /// Filter by organisation.
        organisation_id: Query<Option<Uuid>>,
        /// Filter by location.
        location_id: Query<Option<Uuid>>,
        /// Filter by metric.
        metric: Query<Option<String>>,
        /// Filter by name.
        name: Query<Option<String>>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Read<List<Sensor>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let filter = SensorFilter {
            organisation_id: organisation_id.0,
            location_id: location_id.0,
            metric: metric.0,
            name: name.0,
        };
        let listed = sensor::list(&self.0, &auth.0, filter, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Get a sensor
    ///
    /// Returns the resource with its ETag, for `If-Match`. Needs: any token that may see it.
    #[oai(path = "/sensors/:id", method = "get", operation_id = "get_sensor")]
    async fn get(
        &self,
        auth: Auth,
        /// The sensor's id.
        id: Path<Uuid>,
    ) -> Find<Found<Sensor>> {
        Ok(Found(sensor::get(&self.0, &auth.0, id.0)?))
    }

    /// Change a sensor
    ///
    /// Changes the fields that the body names. null clears an optional field. The metric and the unit of a sensor with
    /// readings cannot change, but a missing unit can be set. They must match the roles that jobs bind the sensor to.
    /// Needs: manager.
    #[oai(path = "/sensors/:id", method = "put", operation_id = "update_sensor")]
    async fn update(
        &self,
        auth: ManagerAuth,
        /// The sensor's id.
        id: Path<Uuid>,
        /// The ETag of the state to change. If absent, any state is changed.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Body<SensorChange>,
    ) -> Change<Found<Sensor>> {
        let expected = expected(if_match.0.as_deref());
        let changed = sensor::update(&self.0, &auth.0, id.0, expected, body.0).await?;
        Ok(Found(changed))
    }

    /// Delete a sensor
    ///
    /// Deletes the sensor with its readings. No job may bind it. Needs: manager.
    #[oai(path = "/sensors/:id", method = "delete", operation_id = "delete_sensor")]
    async fn delete(
        &self,
        auth: Auth,
        /// The sensor's id.
        id: Path<Uuid>,
        /// The ETag of the state to delete. If absent, any state is deleted.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Change<Deleted> {
        let expected = expected(if_match.0.as_deref());
        sensor::delete(&self.0, &auth.0, id.0, expected).await?;
        Ok(Deleted)
    }
}
