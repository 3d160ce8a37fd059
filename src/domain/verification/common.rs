//! Reduces several series to the valid times that all of them have, so that their scores can be compared.

use std::collections::HashMap;

use super::pairing::Pair;

/// Removes the pairs whose valid time another of the series does not have in the same bucket. `takes_part` returns whether
/// a series, by its index, is compared in a bucket. Models that do not predict so far ahead do not shorten the sample of
/// the others.
pub fn common(series: &mut [Vec<Pair>], takes_part: impl Fn(usize, usize) -> bool) {
    let mut counts: HashMap<(usize, i64), (usize, usize)> = HashMap::new();
    for (index, pairs) in series.iter().enumerate() {
        for pair in pairs {
            let key = (pair.predicted.bucket, pair.predicted.valid_time);
            let (count, last) = counts.entry(key).or_insert((0, usize::MAX));
            // Several issues of one valid time count once.
            if *last != index {
                (*count, *last) = (*count + 1, index);
            }
        }
    }
    let all = 0..series.len();
    let needed = |bucket: usize| all.clone().filter(|index| takes_part(*index, bucket)).count();
    let mut needs = HashMap::new();
    for pairs in series {
        pairs.retain(|pair| {
            let bucket = pair.predicted.bucket;
            let needed = *needs.entry(bucket).or_insert_with(|| needed(bucket));
            counts
                .get(&(bucket, pair.predicted.valid_time))
                .is_some_and(|(count, _)| *count >= needed)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::verification::Predicted;

    fn pairs(times: &[i64], bucket: usize) -> Vec<Pair> {
        let pair = |time: &i64| Pair {
            predicted: Predicted {
                valid_time: *time,
                bucket,
                issue_time: 0,
                available_at: 0,
                value: 0.0,
            },
            truth: 0.0,
            truth_available_at: 0,
            reference: None,
        };
        times.iter().map(pair).collect()
    }

    fn times(pairs: &[Pair]) -> Vec<(usize, i64)> {
        let shown = |pair: &Pair| (pair.predicted.bucket, pair.predicted.valid_time);
        pairs.iter().map(shown).collect()
    }

    #[test]
    fn only_times_that_all_have_remain_within_each_bucket() {
        let mut series = [
            [pairs(&[1, 2, 2, 3], 0), pairs(&[1, 2], 1)].concat(),
            pairs(&[2, 3, 4], 0),
            pairs(&[2], 0),
        ];
        common(&mut series, |index, bucket| bucket == 0 || index == 0);
        assert_eq!(times(&series[0]), [(0, 2), (0, 2), (1, 1), (1, 2)]);
        assert_eq!(times(&series[1]), [(0, 2)]);
        // A series without any predictions that takes part leaves nothing.
        let mut series = [pairs(&[1], 0), Vec::new()];
        common(&mut series, |_, _| true);
        assert!(series[0].is_empty());
    }
}
