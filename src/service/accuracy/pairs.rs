//! Pages of pairs.

use std::ops::ControlFlow::{Break, Continue};

use super::{group::Group, slices::Slices};
use crate::{
    domain::{
        Result, Timestamp, Window,
        verification::{AccuracyPair, AccuracyQuery, PairsCursor},
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
    let (mut found, mut next) = (Vec::new(), None);
    let mut begin = after.map(|after| (after.valid_time, after.count));
    // Number of pairs of the last series and valid time.
    let mut last: Option<(i64, Timestamp, usize)> = None;
    for (group, index) in rest {
        let member = &group.members[index];
        let (from, mut skip) = begin.take().unwrap_or((window.from, 0));
        if skip > 0 {
            last = Some((member.row.id, from, skip));
        }
        let sensor = group.sensor(member).map(|sensor| sensor.id);
        Slices::new(connection, query, window, group, now)
            .only(index, from)
            .each(|slice| {
                for pair in &slice.paired[index].pairs {
                    if skip > 0 {
                        skip -= 1;
                        continue;
                    }
                    if found.len() == query.limit {
                        next = last.map(|(series, valid_time, count)| PairsCursor {
                            series,
                            valid_time,
                            count,
                            from: window.from,
                            to: window.to,
                        });
                        return Ok(Break(()));
                    }
                    let row = AccuracyPair::of(&member.row.series, sensor, pair);
                    let count = match last {
                        Some((series, time, count)) if (series, time) == (member.row.id, row.valid_time) => count + 1,
                        _ => 1,
                    };
                    last = Some((member.row.id, row.valid_time, count));
                    found.push(row);
                }
                Ok(Continue(()))
            })?;
        if next.is_some() {
            break;
        }
    }
    Ok((found, next))
}
