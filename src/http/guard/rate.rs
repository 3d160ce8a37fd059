//! The rate limit of each token.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use poem::http::{HeaderName, HeaderValue};
use uuid::Uuid;

/// The burst: so many seconds' worth of requests may be made at once.
const BURST_SECONDS: u32 = 2;

/// The number of tokens above which those with a full allowance are dropped.
const MANY: usize = 10_000;

const SECOND: u64 = 1_000_000_000;

/// Headers about the limit (draft-ietf-httpapi-ratelimit-headers).
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The header with the limit itself.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// So many requests a second for each token on average, and as many as of two seconds at once.
///
/// This is the generic cell rate algorithm: of each token only the moment is kept when it has all its requests again, so
/// that a request costs one exchange of a number.
#[derive(Clone)]
pub struct Rate(Arc<Parts>);

struct Parts {
    /// The time after which one more request is allowed, in nanoseconds.
    interval: u64,
    most: u32,
    policy: HeaderValue,
    begun: Instant,
    /// By token: when all its requests are given back, in nanoseconds since the beginning.
    restored: RwLock<HashMap<Uuid, Arc<AtomicU64>>>,
}

/// The requests that a token has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// So many requests.
    Requests(u32),
    /// None, for so long.
    Nothing(Duration),
}

impl Rate {
    /// So many requests a second; none is no limit.
    pub fn new(requests_per_second: u32) -> Option<Self> {
        if requests_per_second == 0 {
            return None;
        }
        let most = requests_per_second.saturating_mul(BURST_SECONDS);
        let policy = format!("\"token\";q={most};w={BURST_SECONDS}");
        Some(Self(Arc::new(Parts {
            interval: SECOND / u64::from(requests_per_second),
            most,
            policy: HeaderValue::from_str(&policy).ok()?,
            begun: Instant::now(),
            restored: RwLock::default(),
        })))
    }

    /// Takes one request of the token's.
    pub fn take(&self, token: Uuid) -> Left {
        let now = u64::try_from(self.0.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.take(&self.0.of(token, now), now)
    }

    /// The headers of an answer.
    pub fn headers(&self, left: Left) -> [(HeaderName, HeaderValue); 2] {
        let (requests, wait) = match left {
            Left::Requests(requests) => (requests, None),
            Left::Nothing(wait) => (0, Some(whole_seconds(wait))),
        };
        let mut text = format!("\"token\";r={requests}");
        if let Some(wait) = wait {
            text += &format!(";t={wait}");
        }
        let told = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
        [(RATE_LIMIT, told), (RATE_LIMIT_POLICY, self.0.policy.clone())]
    }
}

/// A time to wait as `Retry-After` says it: not too short.
pub fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}

impl Parts {
    fn of(&self, token: Uuid, now: u64) -> Arc<AtomicU64> {
        let known = self.restored.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(restored) = known.get(&token) {
            return restored.clone();
        }
        drop(known);
        let mut known = self.restored.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MANY {
            known.retain(|_, restored| restored.load(Ordering::Relaxed) > now);
        }
        known.entry(token).or_default().clone()
    }

    fn take(&self, restored: &AtomicU64, now: u64) -> Left {
        let capacity = self.interval * u64::from(self.most);
        let taken = |restored: u64| restored.max(now) + self.interval - now;
        let step = |restored: u64| {
            let taken = taken(restored);
            (taken <= capacity).then_some(now + taken)
        };
        match restored.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step) {
            Ok(before) => {
                let left = (capacity - taken(before)) / self.interval;
                Left::Requests(u32::try_from(left).unwrap_or(self.most))
            }
            Err(before) => Left::Nothing(Duration::from_nanos(taken(before) - capacity)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_two_seconds_is_let_through_and_then_one_at_each_interval() {
        let rate = Rate::new(10).unwrap();
        let restored = AtomicU64::new(0);
        let now = 5 * SECOND;
        for left in (0..20).rev() {
            assert_eq!(rate.0.take(&restored, now), Left::Requests(left));
        }
        let wait = Duration::from_millis(100);
        assert_eq!(rate.0.take(&restored, now), Left::Nothing(wait));
        assert_eq!(rate.0.take(&restored, now + SECOND / 20), Left::Nothing(wait / 2));
        assert_eq!(rate.0.take(&restored, now + SECOND / 10), Left::Requests(0));
        assert_eq!(rate.0.take(&restored, now + SECOND / 10), Left::Nothing(wait));
        assert_eq!(rate.0.take(&restored, now + 60 * SECOND), Left::Requests(19));
    }

    #[test]
    fn each_token_has_its_own_and_zero_is_no_limit() {
        let rate = Rate::new(1).unwrap();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(rate.take(one), Left::Requests(1));
        assert_eq!(rate.take(one), Left::Requests(0));
        assert!(matches!(rate.take(one), Left::Nothing(_)));
        assert_eq!(rate.take(other), Left::Requests(1));
        assert!(Rate::new(0).is_none());
    }
}
