//! Conversions between the types of the domain and the values of database columns.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::{Serialize, de::DeserializeOwned};

use super::engine::{Row, RowResult};
use uuid::Uuid;

use crate::domain::{
    Role, Timestamp,
    alert::{AlertStateKind, Tell},
    audit::{AuditAction, AuditKind},
    comparison::Comparison,
    contract::InputKind,
    feed::{FeedKind, TopicFilter},
    health::HealthState,
    interval::{Aggregation, IntervalLabel},
    job_run::RunStatus,
    limit::LimitedView,
    spread::Spread,
    text::{Description, Message, Name, Stage},
    track::Track,
    transfer::{Credential, Exact, Hex, Moment, SigningKey, Verbatim},
    webhook::{WebhookFormat, delivery::DeliveryState},
};

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.micros().into())
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self::from_micros)
    }
}

macro_rules! text_column {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str().map(Self::new)
            }
        }
    )*};
}

text_column!(Name, Stage, Description, Message, TopicFilter);

macro_rules! enum_column {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Self::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
            }
        }
    )*};
}

enum_column!(
    Aggregation,
    AlertStateKind,
    Comparison,
    Tell,
    IntervalLabel,
    Role,
    InputKind,
    HealthState,
    RunStatus,
    DeliveryState,
    WebhookFormat,
    FeedKind,
    AuditAction,
    AuditKind,
    Track,
    LimitedView
);

/// A value that is stored as JSON text in one column.
pub struct Json<T>(pub T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        serde_json::to_string(&self.0)
            .map(Into::into)
            .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(|e| FromSqlError::Other(Box::new(e)))
    }
}

macro_rules! exact_column {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                FromSql::column_result(value).map(Self)
            }
        }
    )*};
}

impl ToSql for Spread {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        serde_json::to_string(self)
            .map(Into::into)
            .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
    }
}

impl FromSql for Spread {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Json::column_result(value).map(|Json(spread)| spread)
    }
}

exact_column!(Credential, Exact, Hex, Moment, SigningKey);

impl<T> ToSql for Verbatim<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.text().into())
    }
}

impl<T> FromSql for Verbatim<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::stored(value.as_str()?).map_err(|e| FromSqlError::Other(Box::new(e)))
    }
}

/// A type that can be created from a database row. Its fields are read by the names of its columns, so that the order
/// of a statement's columns does not matter. Code that reads one to three columns next to their statement may read them
/// by position.
pub trait FromRow: Sized {
    /// Creates the value from the columns of the row.
    fn from_row(row: &Row<'_>) -> RowResult<Self>;
}

/// Reads the column `id`, for statements that select only the ids of resources.
impl FromRow for Uuid {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        row.get("id")
    }
}
