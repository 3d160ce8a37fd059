//! Sensors on the wire.

use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::sensor::{NewSensor, Sensor, SensorChange, SensorFilter},
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

/// The sensors' operations.
pub struct SensorApi(pub App);

thing!(Sensor, "/api/v1/sensors");

rules!(NewSensor, SensorChange);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Sensors")]
impl SensorApi {
    /// Make a sensor
    ///
    /// Something that yields readings of one metric, optionally at a location. Needs: manager.
    #[oai(path = "/sensors", method = "post", operation_id = "create_sensor")]
    async fn create(&self, auth: ManagerAuth, body: Body<NewSensor>) -> Make<Created<Sensor>> {
        Ok(Created(sensor::create(&self.0, &auth.0, body.0).await?))
    }

    /// List sensors
    ///
    /// Those of the token's organisation; an admin sees all. Needs: any token.
    #[oai(path = "/sensors", method = "get", operation_id = "list_sensors")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn list(
        &self,
        auth: Auth,
        /// Only of this organisation.
        organisation_id: Query<Option<Uuid>>,
        /// Only at this location.
        location_id: Query<Option<Uuid>>,
        /// Only of this metric.
        metric: Query<Option<String>>,
        /// Only of this name.
        name: Query<Option<String>>,
        /// How many rows at most.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// Where the page starts: from the `Link` of the page before.
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
    /// With the ETag that `If-Match` takes. Needs: any token that may see it.
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
    /// Changes the fields that the body names; null clears an optional one. The metric and the unit cannot change
    /// under readings, except that a missing unit is given, nor against a role that a job binds the sensor to. Needs:
    /// manager.
    #[oai(path = "/sensors/:id", method = "put", operation_id = "update_sensor")]
    async fn update(
        &self,
        auth: ManagerAuth,
        /// The sensor's id.
        id: Path<Uuid>,
        /// The ETag of the state that the change is meant for; any state if absent.
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
    /// Refused while a job binds it. Needs: manager.
    #[oai(path = "/sensors/:id", method = "delete", operation_id = "delete_sensor")]
    async fn delete(
        &self,
        auth: Auth,
        /// The sensor's id.
        id: Path<Uuid>,
        /// The ETag of the state that is to be deleted; any state if absent.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Change<Deleted> {
        let expected = expected(if_match.0.as_deref());
        sensor::delete(&self.0, &auth.0, id.0, expected).await?;
        Ok(Deleted)
    }
}
