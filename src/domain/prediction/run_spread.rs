//! The quantiles or members of a posted run: those of its points must be of one kind, and those that the role declares.

use super::run::{List, Place, PostedRun};
use crate::domain::{
    spread::{Kind, Posted, PostedSpread, Spread, SpreadNumbers, is_given},
    violations::Violations,
};

impl Place {
    /// Returns the JSON pointer of the quantile or member of the point with this index.
    fn number(self, kind: &Kind, index: usize) -> String {
        let member = kind.pointer(index);
        match self.list {
            List::Series(series) => format!("/series/{series}{member}/{}", self.index),
            List::Predictions => format!("/predictions/{}{member}", self.index),
            List::Direct => format!("/{}{member}", self.index),
        }
    }
}

impl<K> PostedRun<K> {
    /// Adds the numbers of the point that is about to be added. Adds a violation if they are of another kind than those
    /// of the points before it.
    pub(super) fn add_spread(&mut self, posted: Option<Posted<'_>>, place: Place, violations: &mut Violations) {
        let before = self.points.len();
        match (&mut self.spread, posted) {
            (None, None) => {}
            (held @ None, Some(posted)) => {
                let mut numbers = SpreadNumbers::new(posted.kind.width());
                (0..before).for_each(|_| numbers.skip());
                numbers.push(posted.row);
                let kind = posted.kind.clone();
                *held = Some(PostedSpread {
                    kind,
                    numbers,
                    is_mixed: false,
                });
            }
            (Some(held), None) => held.numbers.skip(),
            (Some(held), Some(posted)) if held.kind == *posted.kind => held.numbers.push(posted.row),
            (Some(held), Some(posted)) => {
                held.numbers.skip();
                // One violation for each run, so that the others are named too.
                if !std::mem::replace(&mut held.is_mixed, true) {
                    violations.add(place.member(posted.kind.member()), OTHER);
                }
            }
        }
    }

    /// Appends the numbers of another part of the run, whose points are about to be appended. Adds a violation if they are
    /// of another kind.
    pub(super) fn join_spread(&mut self, other: Option<PostedSpread>, places: &[Place], violations: &mut Violations) {
        let (before, count) = (self.points.len(), places.len());
        match (&mut self.spread, other) {
            (None, None) => {}
            (held @ None, Some(mut other)) => {
                let mut numbers = SpreadNumbers::new(other.kind.width());
                (0..before).for_each(|_| numbers.skip());
                numbers.append(&mut other.numbers);
                let kind = other.kind;
                *held = Some(PostedSpread {
                    kind,
                    numbers,
                    is_mixed: false,
                });
            }
            (Some(held), None) => (0..count).for_each(|_| held.numbers.skip()),
            (Some(held), Some(mut other)) if held.kind == other.kind => held.numbers.append(&mut other.numbers),
            (Some(held), Some(other)) => {
                (0..count).for_each(|_| held.numbers.skip());
                if let Some(place) = places.first() {
                    violations.add(place.member(other.kind.member()), OTHER);
                }
            }
        }
    }

    /// Checks the numbers of the points against those that their role declares, and adds a violation for each fault: they
    /// are of another kind, a point has none, one is not finite, or a quantile is less than that of the level below.
    pub fn check_spread(&self, declared: Option<&Spread>, violations: &mut Violations) {
        match (&self.spread, declared) {
            (None, None) => {}
            (Some(found), None) => {
                let member = found.kind.member();
                self.refuse(
                    member,
                    &format!("are given, and the role declares no {member}"),
                    violations,
                );
            }
            (Some(found), Some(_)) if found.is_mixed => {}
            (found, Some(declared)) => {
                if let Some(found) = found {
                    if let Some(detail) = differs(&found.kind, declared) {
                        self.refuse(found.kind.member(), &detail, violations);
                        return;
                    }
                    self.check_numbers(found, violations);
                }
                self.check_all_given(declared, violations);
            }
        }
    }

    fn check_numbers(&self, found: &PostedSpread, violations: &mut Violations) {
        let is_ordered = matches!(found.kind, Kind::Quantiles(_));
        for (place, row) in self.places.iter().zip(found.numbers.rows()) {
            if !is_given(row) || violations.is_full() {
                continue;
            }
            if let Some(index) = row.iter().position(|number| !number.is_finite()) {
                violations.add(place.number(&found.kind, index), "must be a finite number");
            } else if is_ordered && let Some(index) = row.windows(2).position(|pair| pair[0] > pair[1]) {
                let detail = "is less than the quantile of the level below it: sort the quantiles";
                violations.add(place.number(&found.kind, index + 1), detail);
            }
        }
    }

    /// Adds a violation for each point that has a value and no numbers.
    fn check_all_given(&self, declared: &Spread, violations: &mut Violations) {
        let numbers = self.spread.as_ref().map(|spread| &spread.numbers);
        for (index, (place, point)) in self.places.iter().zip(&self.points).enumerate() {
            if violations.is_full() {
                return;
            }
            let has_numbers = numbers.is_some_and(|numbers| is_given(numbers.row(index)));
            if point.value.is_some() && !has_numbers {
                let member = declared.member();
                violations.add(place.member(member), format!("is missing: the role declares {member}"));
                if matches!(place.list, List::Series(_)) {
                    // One violation for the columns of a series.
                    return;
                }
            }
        }
    }
}

const OTHER: &str = "differ in kind or number from those of the points before them in the same run";

/// Returns the violation of numbers that are not those that the role declares. `None` if they are.
fn differs(kind: &Kind, declared: &Spread) -> Option<String> {
    match (kind, declared) {
        (Kind::Quantiles(levels), Spread::Quantiles(declared)) if levels[..] == declared[..] => None,
        (Kind::Members(count), Spread::Members(most)) if *count <= usize::from(*most) => None,
        (Kind::Members(count), Spread::Members(most)) => {
            Some(format!("are {count}, and the role declares at most {most}"))
        }
        (_, Spread::Quantiles(levels)) => {
            let levels: Vec<_> = levels.iter().map(f64::to_string).collect();
            Some(format!(
                "must be quantiles of exactly the levels of the role: {}",
                levels.join(", ")
            ))
        }
        (_, Spread::Members(most)) => Some(format!("must be members, of which the role declares at most {most}")),
    }
}
