//! Conditions of lists. The SQL contains only the requested conditions, so that the database can use its indexes.

use super::{
    engine::{Connection, RowResult, ToSql, params_from_iter},
    row::FromRow,
};
use crate::domain::{Page, Result, page::Listed};

/// A WHERE clause that grows, with its numbered parameters.
#[derive(Default)]
pub struct Filter<'a> {
    conditions: Vec<String>,
    values: Vec<&'a dyn ToSql>,
}

impl<'a> Filter<'a> {
    /// Selects rows whose `column` equals `value`, if there is one.
    pub fn equal<T: ToSql>(mut self, column: &str, value: &'a Option<T>) -> Self {
        if let Some(value) = value {
            self.push(&format!("{column} = "), value);
        }
        self
    }

    /// Selects rows that belong to `owner`, if there is one, or to no organisation.
    pub fn owned_or_shared<T: ToSql>(mut self, column: &str, owner: &'a Option<T>) -> Self {
        if let Some(owner) = owner {
            self.push(&format!("{column} IS NULL OR {column} = "), owner);
        }
        self
    }

    /// Selects rows that meet the condition, in which `?` is the parameter of `value`. An empty condition selects all.
    pub fn such<T: ToSql>(mut self, condition: &str, value: &'a T) -> Self {
        if !condition.is_empty() {
            self.values.push(value);
            let parameter = format!("?{}", self.values.len());
            self.conditions.push(condition.replace('?', &parameter));
        }
        self
    }

    /// Selects rows by a comparison with `value`, if there is one, such as `at >=`.
    pub fn compare<T: ToSql>(mut self, relation: &str, value: &'a Option<T>) -> Self {
        if let Some(value) = value {
            self.push(&format!("{relation} "), value);
        }
        self
    }

    /// Selects rows whose two columns sort before the two values, if both are given.
    pub fn before<T: ToSql, U: ToSql>(
        mut self,
        first: &str,
        value: &'a Option<T>,
        second: &str,
        other: &'a Option<U>,
    ) -> Self {
        if let (Some(value), Some(other)) = (value, other) {
            let next = self.values.len() + 1;
            let condition = format!("({first}, {second}) < (?{next}, ?{})", next + 1);
            self.values.extend([value as &dyn ToSql, other]);
            self.conditions.push(condition);
        }
        self
    }

    /// Returns a page of the rows of `select` that are left, in the order of their ids.
    pub fn page<T: FromRow>(
        mut self,
        connection: &Connection,
        select: &str,
        id: &str,
        page: &'a Page,
    ) -> Result<Listed<T>> {
        if let Some(after) = &page.after {
            self.push(&format!("{id} > "), after);
        }
        self.rows(connection, select, id, page.limit)
    }

    /// Returns up to `limit` of the rows of `select` that are left, in this order.
    pub fn rows<T: FromRow>(
        self,
        connection: &Connection,
        select: &str,
        order: &str,
        limit: usize,
    ) -> Result<Listed<T>> {
        let mut sql = select.to_owned();
        if !self.conditions.is_empty() {
            sql += &format!(" WHERE ({})", self.conditions.join(") AND ("));
        }
        // One row more than the limit shows whether the list continues.
        let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let mut values = self.values;
        values.push(&most);
        sql += &format!(" ORDER BY {order} LIMIT ?{}", values.len());
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(values), T::from_row)?;
        let items = rows.collect::<RowResult<Vec<_>>>()?;
        Ok(Listed::cut(items, limit))
    }

    fn push(&mut self, condition: &str, value: &'a dyn ToSql) {
        self.values.push(value);
        self.conditions.push(format!("{condition}?{}", self.values.len()));
    }
}
