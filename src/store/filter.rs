//! Builds the WHERE clauses of list queries. A clause contains only the conditions that the caller requested, so that
//! the database can use its indexes.

use super::{
    engine::{Connection, RowResult, ToSql, params_from_iter},
    row::FromRow,
};
use crate::domain::{Page, Result, page::Listed};

/// A WHERE clause under construction, with the values of its numbered parameters. Conditions are combined with AND.
#[derive(Default)]
pub struct Filter<'a> {
    conditions: Vec<String>,
    values: Vec<&'a dyn ToSql>,
}

impl<'a> Filter<'a> {
    /// Adds the condition that `column` equals `value`. `None` adds no condition.
    pub fn equal<T: ToSql>(mut self, column: &str, value: &'a Option<T>) -> Self {
        if let Some(value) = value {
            self.push(&format!("{column} = "), value);
        }
        self
    }

    /// Adds the condition that `column` equals `owner` or is NULL, which marks rows that all organisations share.
    /// `None` adds no condition.
    pub fn owned_or_shared<T: ToSql>(mut self, column: &str, owner: &'a Option<T>) -> Self {
        if let Some(owner) = owner {
            self.push(&format!("{column} IS NULL OR {column} = "), owner);
        }
        self
    }

    /// Adds a condition in SQL, in which each `?` stands for `value`. An empty text adds no condition.
    pub fn such<T: ToSql>(mut self, condition: &str, value: &'a T) -> Self {
        if !condition.is_empty() {
            self.values.push(value);
            let parameter = format!("?{}", self.values.len());
            self.conditions.push(condition.replace('?', &parameter));
        }
        self
    }

    /// Adds a comparison with `value`. `relation` is a column and an operator, such as `at >=`. `None` adds no
    /// condition.
    pub fn compare<T: ToSql>(mut self, relation: &str, value: &'a Option<T>) -> Self {
        if let Some(value) = value {
            self.push(&format!("{relation} "), value);
        }
        self
    }

    /// Adds the condition that the pair of columns `first` and `second` sorts before the pair `value` and `other`. Adds
    /// no condition if either value is `None`.
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

    /// Runs the statement `select` with the conditions, and returns the matching rows of one page in the order of the
    /// column `id`.
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

    /// Runs the statement `select` with the conditions, and returns at most `limit` matching rows, sorted by `order`.
    /// The result also says whether more rows match.
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
        // One more row than the limit is read. Its presence shows that the list continues.
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
