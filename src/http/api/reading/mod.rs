//! Operations on readings.

mod csv;
mod lines;
mod table;
mod window;

use std::marker::PhantomData;

use poem_openapi::{
    ApiRequest, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::csv::SensorRows;
pub use self::csv::{ReadingRows, read_csv};
use super::tag::Tag;
use crate::{
    domain::{
        Counts, Error, Timestamp, Window,
        reading::{Reading, ReadingCreation, ReadingQuery, ReadingSeries},
        row_limit::RowLimit,
        sensor_reading::{SensorReadingCreation, SensorReadings, of_one},
    },
    http::form::{
        answer::{Find, Read},
        auth::{Auth, Session, WorkerAuth},
        body::Body,
        csv_body::CsvBody,
        cursor::{decode, encode},
        gaps::{GapsParameter, gaps as asked_gaps},
        layout::{Accepted, Form, Format, Guard, Shape, dialect, form, thinning},
        numbers::json,
        reply::Plain,
        rules::Rules,
        table::Table,
        whole::{Amount, whole},
    },
    service::{App, reading},
};
use lines::ReadingLines;
pub use table::csv_of;
use table::table as csv_table;
use window::WholeWindow;

/// Operations on readings.
pub struct ReadingApi(pub App);

/// The forms in which readings are posted.
#[derive(ApiRequest)]
enum Posted {
    /// An array of readings.
    Json(Body<Vec<ReadingCreation>>),
    /// A header line with the columns sensor_id, time and value, and a line for each reading. With the query parameter
    /// `sensor_id` the columns time and value are enough.
    Csv(CsvBody<Vec<ReadingCreation>>),
    /// One reading in each line.
    Lines(ReadingLines<ReadingCreation>),
}

/// The forms in which readings are posted to one sensor.
#[derive(ApiRequest)]
enum PostedToSensor {
    /// One reading, or an array of readings.
    Json(Body<SensorReadings>),
    /// A header line with the columns time and value, and a line for each reading.
    Csv(CsvBody<SensorRows>),
    /// One reading in each line.
    Lines(ReadingLines<SensorReadingCreation>),
}

/// Content of a cursor: the position at which a page of readings begins.
#[derive(Serialize, Deserialize)]
struct Cursor {
    after: Timestamp,
    /// Time at which the first page was read. Readings that arrived later are not on later pages.
    as_of: Option<Timestamp>,
}

impl Rules for Vec<ReadingCreation> {}
impl Rules for SensorReadings {}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Readings")]
impl ReadingApi {
    /// Post readings
    ///
    /// Stores up to 100,000 readings of sensors, from a JSON array, CSV or newline-delimited JSON. The whole batch is
    /// stored, or nothing, and then the error lists up to 100 invalid readings. Nothing is overwritten: another value
    /// for the same sensor and time is a correction and counts as revised; a repeated value counts as unchanged. `null`
    /// as a value withdraws the reading at that time: later reads omit it, but reads with `as_of` before the withdrawal
    /// return it. Needs: worker.
    #[oai(path = "/readings", method = "post", operation_id = "post_readings")]
    async fn post(
        &self,
        auth: WorkerAuth,
        /// For CSV: the sensor of all rows. The column `sensor_id` is then optional.
        sensor_id: Query<Option<Uuid>>,
        /// Treatment of gaps (`null`, NaN and empty cells of CSV). `skip` skips them. `withdraw` withdraws the stored
        /// values at their times and skips the others. If absent, `null` withdraws the stored value and is an error
        /// where there is none; NaN and empty cells are always errors.
        gaps: Query<Option<GapsParameter>>,
        body: Posted,
    ) -> Read<Plain<Counts>> {
        let gaps = asked_gaps(gaps.0);
        let posted = match body {
            Posted::Csv(CsvBody(readings, lines)) => {
                let stored = reading::post(&self.0, &auth.0, readings, gaps).await;
                return Ok(Plain(stored.map_err(|error| lines.name(error))?));
            }
            Posted::Json(_) | Posted::Lines(_) if sensor_id.0.is_some() => {
                let detail = "is for CSV only: in JSON each reading names its sensor";
                return Err(Error::bad_parameter("sensor_id", detail).into());
            }
            Posted::Json(body) => body.0,
            Posted::Lines(body) => body.0,
        };
        let counts = reading::post(&self.0, &auth.0, posted, gaps).await?;
        Ok(Plain(counts))
    }

    /// Post readings of one sensor
    ///
    /// Stores readings of the sensor in the path: one (`{"value": 21.5}`), an array of up to 100,000, CSV with the columns
    /// time and value, or newline-delimited JSON. One reading may be without a time and gets the time at which the request arrived. Such a request is not safe to retry: a
    /// repetition is another reading.
    /// Everything else is as in `POST /api/v1/readings`. Needs: worker.
    #[oai(
        path = "/sensors/:id/readings",
        method = "post",
        operation_id = "post_sensor_readings"
    )]
    async fn post_to_sensor(
        &self,
        auth: WorkerAuth,
        /// The sensor's id.
        id: Path<Uuid>,
        /// Treatment of gaps (`null`, NaN and empty cells of CSV), as in `POST /api/v1/readings`.
        gaps: Query<Option<GapsParameter>>,
        body: PostedToSensor,
    ) -> Find<Plain<Counts>> {
        let gaps = asked_gaps(gaps.0);
        let post = async |readings| reading::post_to(&self.0, &auth.0, id.0, readings, gaps).await;
        let counts = match body {
            PostedToSensor::Csv(CsvBody(SensorRows(readings), lines)) => {
                post(readings).await.map_err(|error| lines.name(error))?
            }
            PostedToSensor::Json(Body(readings)) => {
                let (readings, is_array) = readings.into_parts();
                let stored = post(readings).await;
                stored.map_err(|error| if is_array { error } else { of_one(error) })?
            }
            PostedToSensor::Lines(ReadingLines(readings)) => post(readings).await?,
        };
        Ok(Plain(counts))
    }

    /// Withdraw a sensor's readings
    ///
    /// Withdraws the readings of a window. Later reads omit them, as if they had never been posted. Reads with `as_of`
    /// before the withdrawal still return them. Readings that are withdrawn already count as unchanged, so the call is
    /// safe to retry. Up to 1,000 readings are withdrawn at the same instant. More follow in steps, in the order of
    /// their times, so that others can write in between. Needs: worker.
    #[oai(
        path = "/sensors/:id/readings",
        method = "delete",
        operation_id = "withdraw_readings"
    )]
    async fn withdraw(
        &self,
        auth: Auth,
        /// The sensor's id.
        id: Path<Uuid>,
        /// The start of the window (inclusive).
        from: Query<Timestamp>,
        /// The end of the window (exclusive).
        to: Query<Timestamp>,
    ) -> Find<Plain<Counts>> {
        Window::check(Some(from.0), Some(to.0))?;
        let counts = reading::withdraw(&self.0, &auth.0, id.0, from.0, to.0).await?;
        Ok(Plain(counts))
    }

    /// Get a sensor's readings
    ///
    /// Returns the readings in the order of their times, each in its newest revision. `Link` leads to the next page.
    /// All pages show the moment of the first page; readings that arrive later are in none of them. `format=csv`, or
    /// `Accept: text/csv`, returns CSV. Needs: any token of the sensor's organisation.
    #[oai(path = "/sensors/:id/readings", method = "get", operation_id = "list_readings")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn list(
        &self,
        auth: Auth,
        session: Session,
        accepted: Accepted,
        /// The sensor's id.
        id: Path<Uuid>,
        /// The start of the window (inclusive). The default is the first reading.
        from: Query<Option<Timestamp>>,
        /// The end of the window (exclusive). By default the window includes the last reading.
        to: Query<Option<Timestamp>>,
        /// Return what was known at this time.
        as_of: Query<Option<Timestamp>>,
        /// One object for each reading (`rows`, the default), or one object with the values in a column (`series`).
        shape: Query<Option<Shape>>,
        /// JSON or CSV. By default, `Accept` decides.
        format: Query<Option<Format>>,
        /// For CSV: `formulas` puts an apostrophe before texts that a spreadsheet would run as formulas.
        guard: Query<Option<Guard>>,
        /// For CSV: starts with a byte order mark, so that Excel recognises UTF-8.
        bom: Query<Option<bool>>,
        /// Thins the readings to at most this number, for a chart. It keeps the minimum and the maximum of equal
        /// intervals, the first and the last reading. For `shape=series`. The whole window is returned, without
        /// `limit`.
        #[oai(validator(minimum(value = "10"), maximum(value = "10000")))]
        max_points: Query<Option<u64>>,
        /// The maximum number of readings of a page, 1 to 10,000, or `all` for all readings of the window (up to
        /// 1,000,000 values, for series). The default is 1,000, and `all` for CSV.
        limit: Query<Option<RowLimit>>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Find<Table<Reading, ReadingSeries>> {
        let form = form(&accepted, format.0, shape.0)?;
        let dialect = dialect(form, guard.0, bom.0)?;
        Window::check(from.0, to.0)?;
        let thin = thinning(max_points.0, form, cursor.0.as_deref())?;
        let amount = Amount::of(limit.0, form);
        let cursor: Option<Cursor> = cursor.0.as_deref().map(decode).transpose()?;
        let before = cursor.as_ref();
        let behind = before.map(|cursor| Timestamp::from_micros(cursor.after.micros() + 1));
        let query = ReadingQuery {
            from: from.0.max(behind),
            to: to.0,
            as_of: as_of.0.or(before.and_then(|cursor| cursor.as_of)),
            limit: amount.rows(),
        };
        if let Some(max) = thin {
            let series = reading::list_thinned(&self.0, &auth.0, id.0, query, max).await?;
            return Ok(Table::series(&series));
        }
        let file = format!("readings-{}", id.0);
        if amount == Amount::Whole {
            let pages = WholeWindow {
                app: self.0.clone(),
                session,
                sensor: id.0,
                query,
                dialect: (form == Form::Csv).then_some(dialect),
                is_first: true,
            };
            return Ok(Table::whole(form, whole(pages).await?, file));
        }
        let (sensor, listed, as_of) = reading::list(&self.0, &auth.0, id.0, query).await?;
        let last = listed.items.last().filter(|_| listed.more);
        let next = last.map(|last| {
            encode(&Cursor {
                after: last.time,
                as_of,
            })
        });
        let body = match form {
            Form::Series => json(&ReadingSeries::of(sensor, &listed.items)),
            Form::Rows => json(&listed.items),
            Form::Csv => csv_table(&listed.items, Some(dialect)),
        };
        Ok(Table {
            form,
            body: body.into(),
            file,
            next,
            of: PhantomData,
        })
    }
}
