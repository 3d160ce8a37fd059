//! Builds SQL statements for lists of values of any length. A list is split into parts of a few fixed sizes, and one
//! statement is executed for each part. The fixed sizes limit the number of distinct SQL texts, so that prepared
//! statements can be cached.

use std::{borrow::Cow, collections::HashSet, sync::OnceLock};

use super::{
    engine::{Connection, Row, RowResult, StoresRows, ToSql, Transaction, Value, Values, params_from_iter},
    row::FromRow,
};
use crate::domain::Result;

/// The sizes of parts, in values. There are only a few, so that the statement of each size is prepared once and stays
/// in the cache of prepared statements.
const SIZES: [usize; 6] = [1, 4, 16, 64, 256, 1024];

/// Maximum number of rows that one statement of [`Many`] stores.
const MOST_ROWS: usize = 64;

/// Maximum number of items that [`read_each`] reads with one statement.
const EACH: usize = 64;

/// Splits a list into parts of at most `most` values. A part is filled up to the next of the fixed sizes by repeating
/// its last value. Use this for statements in which a repeated value does not change the result, such as `IN`
/// conditions.
pub fn parts<T>(values: &[T], most: usize) -> impl Iterator<Item = Vec<&T>> {
    values.chunks(most).map(move |part| {
        let size = SIZES.into_iter().find(|size| *size >= part.len()).unwrap_or(most);
        let last = part.last().into_iter().cycle();
        part.iter().chain(last).take(size.min(most)).collect()
    })
}

/// Splits a list into parts of the fixed sizes, of at most `most` values each, without repeating any value. Use this
/// for statements in which a repeated value would change the result, such as INSERT.
pub fn exact_parts<T>(mut values: &[T], most: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let fits = |size: &usize| *size <= values.len() && *size <= most;
        let size = SIZES.into_iter().rev().find(fits)?;
        let (part, rest) = values.split_at(size);
        values = rest;
        Some(part)
    })
}

/// A cache of the SQL texts of one statement, with one text for each of the fixed sizes. A text is created when it is
/// needed for the first time.
pub struct Texts([OnceLock<String>; SIZES.len()]);

impl Texts {
    /// Creates an empty cache.
    pub const fn new() -> Self {
        Self([const { OnceLock::new() }; SIZES.len()])
    }

    /// Returns the SQL text for a part of `count` values. `make` creates the text if it is not cached. Texts for other
    /// counts than the fixed sizes are not cached.
    pub fn of(&self, count: usize, make: impl FnOnce(usize) -> String) -> Cow<'_, str> {
        match SIZES.iter().position(|size| *size == count) {
            Some(size) => Cow::Borrowed(self.0[size].get_or_init(|| make(count))),
            None => Cow::Owned(make(count)),
        }
    }
}

/// A statement that stores or changes any number of rows.
pub struct Many {
    texts: Texts,
    sql: fn(usize) -> String,
    kind: ManyKind,
}

/// The effect of a row that occurs twice.
#[derive(PartialEq, Eq)]
enum ManyKind {
    /// Each row is stored, so none may be repeated.
    Insert,
    /// The last of the rows with the same first value, a number, counts.
    Update,
}

impl Many {
    /// Creates a statement that stores each of the rows. `sql` returns the text for a number of rows.
    pub const fn insert(sql: fn(usize) -> String) -> Self {
        Self::new(sql, ManyKind::Insert)
    }

    /// Creates a statement that changes the row that the first value identifies. `sql` returns the text for a number of
    /// rows.
    pub const fn update(sql: fn(usize) -> String) -> Self {
        Self::new(sql, ManyKind::Update)
    }

    const fn new(sql: fn(usize) -> String, kind: ManyKind) -> Self {
        let texts = Texts::new();
        Self { texts, sql, kind }
    }

    /// Stores a row for each item, by statements for many rows. In a group of writes on PostgreSQL, the rows are stored
    /// together with those of the other requests.
    ///
    /// # Errors
    /// The database refuses a row.
    pub fn store<'v, T, const N: usize>(
        &'static self,
        tx: &Transaction<'_>,
        items: &'v [T],
        values: impl Fn(&'v T) -> [&'v dyn ToSql; N],
    ) -> Result<()> {
        match tx.collector() {
            Some(collector) => items.iter().try_for_each(|item| collector.add(self, values(item)))?,
            None => self.run(tx, items, values)?,
        }
        Ok(())
    }

    fn run<'v, T, I>(&self, connection: &Connection, items: &'v [T], values: impl Fn(&'v T) -> I) -> RowResult<()>
    where
        I: IntoIterator<Item = &'v dyn ToSql>,
    {
        let run = |part: Vec<&'v T>| {
            let sql = self.texts.of(part.len(), self.sql);
            let count = part.len();
            let values = params_from_iter(part.into_iter().flat_map(&values));
            let mut statement = connection.prepare_cached(&sql)?;
            match self.kind {
                ManyKind::Insert => statement.insert_later(values, count),
                ManyKind::Update => statement.execute_later(values),
            }
        };
        match self.kind {
            ManyKind::Insert => exact_parts(items, MOST_ROWS).try_for_each(|part| run(part.iter().collect())),
            ManyKind::Update => parts(items, MOST_ROWS).try_for_each(run),
        }
    }
}

impl StoresRows for Many {
    fn store(&self, connection: &Connection, rows: &[Values]) -> RowResult<()> {
        fn values(row: &Values) -> impl Iterator<Item = &dyn ToSql> {
            row.iter().map(|value| value as &dyn ToSql)
        }
        if self.kind == ManyKind::Insert {
            return self.run(connection, rows, values);
        }
        // Only the last row of each key counts.
        let mut keys = HashSet::with_capacity(rows.len());
        let is_last = |row: &&Values| match row.first() {
            Some(Value::Integer(key)) => keys.insert(*key),
            _ => true,
        };
        let mut last: Vec<_> = rows.iter().rev().filter(is_last).collect();
        last.reverse();
        self.run(connection, &last, |row| values(row))
    }
}

/// Repeats `piece`, a part of an SQL statement, `count` times, separated by `between`. The piece has the parameters ?1
/// to ?`width`. The parameters of each repetition are numbered on from those of the repetition before.
pub fn repeated(piece: &str, width: usize, count: usize, between: &str) -> String {
    let mut text = String::new();
    for repetition in 0..count {
        if repetition > 0 {
            text += between;
        }
        let mut parts = piece.split('?');
        text += parts.next().unwrap_or_default();
        for part in parts {
            let digits = part.chars().take_while(char::is_ascii_digit).count();
            let (number, rest) = part.split_at(digits);
            let number = number.parse().unwrap_or(1) + repetition * width;
            text += &format!("?{number}{rest}");
        }
    }
    text
}

/// Lists of parameters of each size, for [`read`].
static PARAMETERS: Texts = Texts::new();

/// Runs the statement `sql` for all keys, and calls `row` for each row that is found. The text `IN (?)` in the
/// statement is replaced by a list of parameters for the keys. If there are more than 1024 keys, the statement is
/// executed several times.
pub fn read<K: ToSql>(
    connection: &Connection,
    sql: &str,
    keys: &[K],
    mut row: impl FnMut(&Row<'_>) -> RowResult<()>,
) -> Result<()> {
    for part in parts(keys, SIZES[SIZES.len() - 1]) {
        let parameters = PARAMETERS.of(part.len(), |count| format!("IN ({})", repeated("?1", 1, count, ", ")));
        let sql = sql.replace("IN (?)", &parameters);
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(part))?;
        while let Some(found) = rows.next()? {
            row(&found)?;
        }
    }
    Ok(())
}

/// Returns the rows of `sql`, in which `IN (?)` stands for the keys.
pub fn read_all<K: ToSql, T: FromRow>(connection: &Connection, sql: &str, keys: &[K]) -> Result<Vec<T>> {
    let mut found = Vec::new();
    read(connection, sql, keys, |row| {
        found.push(T::from_row(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Runs the statement `piece` for each of the items, and calls `row` for each row that is found, in no particular
/// order. `piece` is a SELECT for one item with the parameters ?1 to ?`N`, and `values` returns these parameters. Up to
/// 64 SELECTs are combined by UNION ALL and executed together. The database plans each SELECT separately, so that the
/// index for one item is also used for many.
pub fn read_each<'a, T, const N: usize>(
    connection: &Connection,
    texts: &Texts,
    piece: &str,
    items: &'a [T],
    values: impl Fn(&'a T) -> [&'a dyn ToSql; N],
    mut row: impl FnMut(&Row<'_>) -> RowResult<()>,
) -> Result<()> {
    for part in exact_parts(items, EACH) {
        let sql = texts.of(part.len(), |count| repeated(piece, N, count, " UNION ALL "));
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(part.iter().flat_map(&values)))?;
        while let Some(found) = rows.next()? {
            row(&found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::traced;

    #[test]
    fn parts_have_few_sizes_and_all_values() {
        let values: Vec<_> = (0..2500).collect();
        for count in [0, 1, 2, 4, 5, 100, 1024, 1025, 2500] {
            let parts: Vec<_> = parts(&values[..count], 1024).collect();
            assert_eq!(parts.len(), count.div_ceil(1024), "{count}");
            assert!(parts.iter().all(|part| SIZES.contains(&part.len())), "{count}");
            let mut all: Vec<_> = parts.into_iter().flatten().copied().collect();
            all.dedup();
            assert_eq!(all, values[..count]);
        }
    }

    #[test]
    fn repeated_pieces_go_on_counting() {
        let repeated = |count| repeated("(a = ?1 OR b = ?2)", 2, count, " AND ");
        assert_eq!(repeated(1), "(a = ?1 OR b = ?2)");
        assert_eq!(repeated(2), "(a = ?1 OR b = ?2) AND (a = ?3 OR b = ?4)");
    }

    #[test]
    fn exact_parts_repeat_nothing() {
        let values: Vec<_> = (0..150).collect();
        let sizes: Vec<_> = exact_parts(&values, 64).map(<[i32]>::len).collect();
        assert_eq!(sizes, [64, 64, 16, 4, 1, 1]);
        assert_eq!(exact_parts(&values, 64).collect::<Vec<_>>().concat(), values);
    }

    #[test]
    fn keys_of_several_parts_are_read_once_each() {
        let connection = traced::memory();
        connection
            .execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)", [])
            .unwrap();
        let fill = "INSERT INTO numbers WITH RECURSIVE c (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 4000)
            SELECT n FROM c";
        connection.execute(fill, []).unwrap();
        let keys: Vec<i64> = (0..2500).collect();
        let mut found = Vec::new();
        let sql = "SELECT n FROM numbers WHERE n IN (?) ORDER BY n";
        read(&connection, sql, &keys, |row| {
            found.push(row.get::<_, i64>(0)?);
            Ok(())
        })
        .unwrap();
        assert_eq!(found, keys);
    }
}
