//! Converts values between the types of the SQLite crate, which the SQL code uses for both engines, and those of
//! PostgreSQL.
//!
//! | PostgreSQL | value |
//! | --- | --- |
//! | `bigint`, `integer`, `smallint`, `boolean` | integer |
//! | `double precision` | real |
//! | `text` | text |
//! | `bytea`, `uuid` | bytes |

use std::error::Error as Cause;

use bytes::{BufMut, BytesMut};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use tokio_postgres::{
    Row,
    row::RowIndex,
    types::{FromSql, IsNull, ToSql, Type, to_sql_checked},
};

use super::errors::Error;

type Converted<T> = Result<T, Box<dyn Cause + Sync + Send>>;

/// A value for a parameter of a statement.
#[derive(Debug)]
pub struct Parameter<'a>(ToSqlOutput<'a>);

impl<'a> Parameter<'a> {
    /// Converts values.
    ///
    /// # Errors
    /// A value cannot be converted.
    pub fn all(values: &[&'a dyn rusqlite::ToSql]) -> Result<Vec<Self>, Error> {
        let convert = |value: &'a dyn rusqlite::ToSql| match value.to_sql() {
            Ok(value) => Ok(Self(value)),
            Err(error) => Err(Error::Value(error.to_string())),
        };
        values.iter().map(|value| convert(*value)).collect()
    }

    /// Returns references to the values, as the client takes them.
    pub fn refs<'b>(values: &'b [Self]) -> Vec<&'b (dyn ToSql + Sync)> {
        values.iter().map(|value| value as &'b (dyn ToSql + Sync)).collect()
    }

    /// Replaces the character U+0000, which PostgreSQL refuses in any text, by one that no stored text has. So nothing is
    /// found, as on SQLite.
    pub fn make_searchable(&mut self) {
        if let Ok(ValueRef::Text(text)) = self.value()
            && text.contains(&0)
        {
            let text = String::from_utf8_lossy(text).replace('\0', "\u{ffff}");
            self.0 = ToSqlOutput::Owned(Value::Text(text));
        }
    }

    /// Returns the value with its text or bytes copied.
    pub fn into_owned(self) -> Parameter<'static> {
        Parameter(match self.0 {
            ToSqlOutput::Borrowed(value) => match Value::try_from(value) {
                Ok(value) => ToSqlOutput::Owned(value),
                // The text is not valid UTF-8, which no text of the product is.
                Err(_) => ToSqlOutput::Owned(Value::Null),
            },
            ToSqlOutput::Owned(value) => ToSqlOutput::Owned(value),
            _ => ToSqlOutput::Owned(Value::Null),
        })
    }

    fn value(&self) -> Converted<ValueRef<'_>> {
        match &self.0 {
            ToSqlOutput::Borrowed(value) => Ok(*value),
            ToSqlOutput::Owned(value) => Ok(match value {
                Value::Null => ValueRef::Null,
                Value::Integer(number) => ValueRef::Integer(*number),
                Value::Real(number) => ValueRef::Real(*number),
                Value::Text(text) => ValueRef::Text(text.as_bytes()),
                Value::Blob(bytes) => ValueRef::Blob(bytes),
            }),
            _ => Err("a value of this type cannot be a parameter".into()),
        }
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Converted<IsNull> {
        let value = self.value()?;
        match (value, ty) {
            (ValueRef::Null, _) => return Ok(IsNull::Yes),
            (ValueRef::Integer(number), &Type::INT8) => out.put_i64(number),
            (ValueRef::Integer(number), &Type::INT4) => out.put_i32(number.try_into()?),
            (ValueRef::Integer(number), &Type::INT2) => out.put_i16(number.try_into()?),
            (ValueRef::Integer(number), &Type::BOOL) => out.put_u8((number != 0).into()),
            (ValueRef::Integer(number), &Type::FLOAT8) => out.put_f64(number as f64),
            (ValueRef::Real(number), &Type::FLOAT8) => out.put_f64(number),
            (ValueRef::Text(text), &(Type::TEXT | Type::VARCHAR | Type::UNKNOWN)) => out.put_slice(text),
            (ValueRef::Blob(bytes), &(Type::BYTEA | Type::UUID)) => out.put_slice(bytes),
            _ => {
                return Err(format!(
                    "a value of type {} cannot be a parameter of type {ty}",
                    value.data_type()
                )
                .into());
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value of a column.
struct Stored<'a>(ValueRef<'a>);

impl<'a> FromSql<'a> for Stored<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Converted<Self> {
        let value = match *ty {
            Type::INT8 => ValueRef::Integer(i64::from_be_bytes(raw.try_into()?)),
            Type::INT4 => ValueRef::Integer(i32::from_be_bytes(raw.try_into()?).into()),
            Type::INT2 => ValueRef::Integer(i16::from_be_bytes(raw.try_into()?).into()),
            Type::BOOL => ValueRef::Integer(raw.iter().any(|byte| *byte != 0).into()),
            Type::FLOAT8 => ValueRef::Real(f64::from_be_bytes(raw.try_into()?)),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN => ValueRef::Text(raw),
            Type::BYTEA | Type::UUID => ValueRef::Blob(raw),
            _ => return Err(format!("a column of type {ty} cannot be read").into()),
        };
        Ok(Self(value))
    }

    fn from_sql_null(_: &Type) -> Converted<Self> {
        Ok(Self(ValueRef::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Returns the value of a column.
///
/// # Errors
/// The column does not exist, or has a type that the product does not use.
pub fn value(row: &Row, column: impl RowIndex + std::fmt::Display) -> Result<ValueRef<'_>, Error> {
    row.try_get(column).map(|Stored(value)| value).map_err(Error::Database)
}
