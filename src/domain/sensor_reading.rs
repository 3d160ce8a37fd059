//! Readings that are posted to one sensor, for devices and gateways: one value is enough.

use std::borrow::Cow;

use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use super::{
    error::{Error, Result},
    object::objects,
    object_or_array::ObjectOrArray,
    reading::{MAX_READINGS, ReadingCreation},
    time::Timestamp,
    value::PostedValue,
    violations::Violations,
};

objects!(SensorReadingCreation);

/// A reading of the sensor that the path names.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SensorReadingCreation {
    /// Time of the measurement, at most a day ahead of the server's clock. By default the time at which the request
    /// arrived.
    #[oai(nullable)]
    #[serde(default)]
    pub time: Option<Timestamp>,
    /// Measured value, a finite number; `null` withdraws the stored value of that time.
    pub value: PostedValue,
}

/// Returns the readings of the sensor. A reading without a time gets the time `now`.
///
/// # Errors
/// `Error::Invalid`: several readings have no time.
pub fn of_sensor(sensor_id: Uuid, posted: Vec<SensorReadingCreation>, now: Timestamp) -> Result<Vec<ReadingCreation>> {
    let mut violations = Violations::default();
    let without = posted.iter().enumerate().filter(|(_, reading)| reading.time.is_none());
    for (index, _) in without.skip(1) {
        let detail = "is missing: only one reading of a request may be without a time, which is that of the arrival";
        violations.add(format!("/{index}/time"), detail);
    }
    violations.into_result()?;
    let of_sensor = |reading: SensorReadingCreation| ReadingCreation {
        sensor_id,
        time: reading.time.unwrap_or(now),
        value: reading.value,
    };
    Ok(posted.into_iter().map(of_sensor).collect())
}

/// Readings that are posted to one sensor.
#[derive(Debug, Clone)]
pub enum SensorReadings {
    /// One reading.
    One(SensorReadingCreation),
    /// An array of readings.
    Many(Vec<SensorReadingCreation>),
}

impl SensorReadings {
    /// Returns the readings, and whether they are an array.
    pub fn into_parts(self) -> (Vec<SensorReadingCreation>, bool) {
        match self {
            Self::One(reading) => (vec![reading], false),
            Self::Many(readings) => (readings, true),
        }
    }
}

/// Returns the error with the places of violations in a body that is one reading and no array.
pub fn of_one(mut error: Error) -> Error {
    if let Error::Invalid(violations) = &mut error {
        for pointer in violations.iter_mut().filter_map(|violation| violation.pointer.as_mut()) {
            if let Some(place) = pointer.strip_prefix("/0") {
                *pointer = place.to_owned();
            }
        }
    }
    error
}

impl<'de> Deserialize<'de> for SensorReadings {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> std::result::Result<Self, D::Error> {
        let forms = ObjectOrArray {
            expected: "a reading, or an array of readings",
            object: Self::One,
            array: Self::Many,
        };
        forms.read(reader)
    }
}

/// Name of the schema of an array of readings in the API's document.
const LIST: &str = "SensorReadingList";
/// Name of the schema of a reading without an array. It has another name than the items of an array, because a generator
/// of clients for TypeScript writes no valid code where a body is a schema or an array of the same schema.
const SINGLE: &str = "SingleSensorReading";

impl Type for SensorReadings {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "SensorReadings".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), |registry| {
            SensorReadingCreation::register(registry);
            let list = MetaSchema {
                description: Some("Readings of the sensor that the path names."),
                items: Some(Box::new(SensorReadingCreation::schema_ref())),
                min_items: Some(1),
                max_items: Some(MAX_READINGS),
                ..MetaSchema::new("array")
            };
            registry.schemas.insert(LIST.to_owned(), list);
            let single = MetaSchema {
                description: Some("A reading of the sensor that the path names, without an array."),
                all_of: vec![SensorReadingCreation::schema_ref()],
                ..MetaSchema::ANY
            };
            registry.schemas.insert(SINGLE.to_owned(), single);
            MetaSchema {
                description: Some("One reading of the sensor that the path names, or an array of them."),
                one_of: [SINGLE, LIST]
                    .map(|name| MetaSchemaRef::Reference(name.to_owned()))
                    .into(),
                ..MetaSchema::ANY
            }
        });
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}
