//! Pages of pairs.

use super::{
    group::Group,
    slices::{Rest, Sink, Slices},
};
use crate::{
    domain::{
        Result, Timestamp, Window,
        verification::{AccuracyPair, AccuracyQuery, Pair, PairsCursor},
    },
    store::engine::Connection,
};

/// Returns a page of the pairs of the groups, and where the next page begins.
///
/// # Errors
/// Bad parameter: a series has too many points in the window.
pub fn page(
    connection: &Connection,
    query: &AccuracyQuery,
    window: Window,
    groups: &[Group],
    after: Option<PairsCursor>,
    now: Timestamp,
) -> Result<(Vec<AccuracyPair>, Option<PairsCursor>)> {
    let all = groups
        .iter()
        .flat_map(|group| group.scored().map(move |index| (group, index)));
    let first = after.as_ref().map(|after| after.series);
    let rest = all.skip_while(|(group, index)| first.is_some_and(|first| group.members[*index].row.id != first));
    let mut page = Listed {
        limit: query.limit,
        window,
        found: Vec::new(),
        next: None,
        last: None,
        of: None,
        skip: 0,
    };
    let mut begin = after.map(|after| (after.valid_time, after.count));
    for (group, index) in rest {
        let member = &group.members[index];
        let (from, skip) = begin.take().unwrap_or((window.from, 0));
        if skip > 0 {
            page.last = Some((member.row.id, from, skip));
        }
        (page.of, page.skip) = (Some((group, index)), skip);
        Slices::new(connection, query, window, group, now)
            .only(index, from)
            .read(&mut page)?;
        if page.next.is_some() {
            break;
        }
    }
    Ok((page.found, page.next))
}

/// A page while it is filled.
struct Listed<'a> {
    limit: usize,
    window: Window,
    found: Vec<AccuracyPair>,
    /// Where the next page begins, once this one is full.
    next: Option<PairsCursor>,
    /// Number of pairs of the last series and valid time.
    last: Option<(i64, Timestamp, usize)>,
    /// The group and the index of the member whose pairs are listed.
    of: Option<(&'a Group, usize)>,
    /// Number of pairs that other pages have.
    skip: usize,
}

impl Sink for Listed<'_> {
    fn pair(&mut self, member: usize, pair: &Pair) -> Result<()> {
        let Some((group, _)) = self.of.filter(|(_, index)| *index == member && self.next.is_none()) else {
            return Ok(());
        };
        if self.skip > 0 {
            self.skip -= 1;
            return Ok(());
        }
        let window = self.window;
        if self.found.len() == self.limit {
            self.next = self.last.map(|(series, valid_time, count)| PairsCursor {
                series,
                valid_time,
                count,
                from: window.from,
                to: window.to,
            });
            return Ok(());
        }
        let member = &group.members[member];
        let sensor = group.sensor(member).map(|sensor| sensor.id);
        let row = AccuracyPair::of(&member.row.series, sensor, pair);
        let count = match self.last {
            Some((series, time, count)) if (series, time) == (member.row.id, row.valid_time) => count + 1,
            _ => 1,
        };
        self.last = Some((member.row.id, row.valid_time, count));
        self.found.push(row);
        Ok(())
    }

    fn rest(&mut self, _: usize, _: Rest) -> Result<()> {
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.next.is_some()
    }
}
