//! The numbers of the points of a run: the same number of quantiles or members for each point.

/// Numbers of a list of points, point after point. A withdrawn point has NaN in their place.
#[derive(Debug, Clone, Default)]
pub struct SpreadNumbers {
    width: usize,
    numbers: Vec<f64>,
}

impl SpreadNumbers {
    /// Creates the numbers of no points, with `width` numbers for each point.
    pub fn new(width: usize) -> Self {
        Self {
            width,
            numbers: Vec::new(),
        }
    }

    /// Creates numbers from a list that has `width` numbers for each point.
    pub fn of(width: usize, numbers: Vec<f64>) -> Self {
        Self { width, numbers }
    }

    /// Returns the number of numbers of each point.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns the numbers of the point with this index; empty if there is no such point.
    pub fn row(&self, index: usize) -> &[f64] {
        let start = index.saturating_mul(self.width);
        self.numbers.get(start..start + self.width).unwrap_or_default()
    }

    /// Returns the numbers of each point in their order.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        // A width of 0 has no rows.
        self.numbers.chunks_exact(self.width.max(1))
    }

    /// Appends the numbers of a point. Another number of them than the width counts as none, so that those of later points
    /// keep their places.
    pub fn push(&mut self, row: &[f64]) {
        if row.len() == self.width {
            self.numbers.extend_from_slice(row);
        } else {
            self.skip();
        }
    }

    /// Appends a point without numbers.
    pub fn skip(&mut self) {
        self.numbers.extend(std::iter::repeat_n(f64::NAN, self.width));
    }

    /// Appends the numbers of other points, which have the same width.
    pub fn append(&mut self, other: &mut Self) {
        self.numbers.append(&mut other.numbers);
    }

    /// Returns the numbers with their points in another order: that of the indices.
    pub fn reordered(&self, order: impl Iterator<Item = usize>) -> Self {
        let mut moved = Self::new(self.width);
        order.for_each(|index| moved.push(self.row(index)));
        moved
    }
}

/// Returns whether a point has numbers, which NaN stands in the place of otherwise.
pub fn is_given(row: &[f64]) -> bool {
    row.first().is_some_and(|first| !first.is_nan())
}

/// Returns whether two rows have the same bits.
pub fn is_same(one: &[f64], other: &[f64]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| one.to_bits() == other.to_bits())
}
