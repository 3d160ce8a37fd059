//! The parameters of a statement.

use rusqlite::ToSql;

/// Values for the numbered parameters of a statement: an array, a tuple, a slice, or [`params_from_iter`].
pub trait Params {
    /// Calls `work` with the values in their order.
    fn with<R>(self, work: impl FnOnce(&[&dyn ToSql]) -> R) -> R;
}

impl Params for [&dyn ToSql; 0] {
    fn with<R>(self, work: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        work(&[])
    }
}

impl Params for &[&dyn ToSql] {
    fn with<R>(self, work: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        work(self)
    }
}

macro_rules! arrays {
    ($($length:literal)*) => {$(
        impl<T: ToSql> Params for [T; $length] {
            fn with<R>(self, work: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
                work(&self.each_ref().map(|value| value as &dyn ToSql))
            }
        }
    )*};
}

arrays!(1 2 3 4 5 6 7 8);

macro_rules! tuples {
    ($($name:ident)*) => {
        impl<$($name: ToSql),*> Params for ($($name,)*) {
            fn with<R>(self, work: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
                #[expect(non_snake_case, reason = "a value is named like its type")]
                let ($($name,)*) = &self;
                work(&[$($name as &dyn ToSql),*])
            }
        }
    };
}

macro_rules! shorter_tuples {
    ($first:ident $($rest:ident)*) => {
        tuples!($first $($rest)*);
        shorter_tuples!($($rest)*);
    };
    () => {};
}

shorter_tuples!(A B C D E F G H I J K L M N O P Q S T U V W X Y);

/// The values of an iterator as parameters.
pub struct FromIter<I>(I);

/// Returns the values of an iterator as parameters, in their order.
pub fn params_from_iter<I: IntoIterator>(values: I) -> FromIter<I>
where
    I::Item: ToSql,
{
    FromIter(values)
}

impl<I: IntoIterator> Params for FromIter<I>
where
    I::Item: ToSql,
{
    fn with<R>(self, work: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        let values: Vec<_> = self.0.into_iter().collect();
        let values: Vec<_> = values.iter().map(|value| value as &dyn ToSql).collect();
        work(&values)
    }
}
