//! Rate limit of requests for each token.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};
use poem::http::{HeaderName, HeaderValue};
use uuid::Uuid;

/// Length of a burst in seconds: a token that was idle may send the requests of this time at once.
const BURST_SECONDS: u32 = 2;

/// Number of tokens in the limiter's memory above which idle tokens are removed. An idle token has its full allowance
/// again, so that nothing is lost.
const MANY: usize = 10_000;

/// Name of the header with the requests that remain (draft-ietf-httpapi-ratelimit-headers).
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// Name of the header with the limit itself.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Rate limit of each token: an average of requests per second, with bursts of the requests of two seconds. Cheap to
/// clone.
#[derive(Clone)]
pub struct Rate<C: Clock = DefaultClock>(Arc<Parts<C>>);

struct Parts<C: Clock> {
    limiter: RateLimiter<Uuid, DefaultKeyedStateStore<Uuid>, C, StateInformationMiddleware>,
    policy: HeaderValue,
    /// Number of tokens above which idle tokens are removed the next time.
    crowded: AtomicUsize,
}

/// Remainder of a token's rate limit after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// The request is allowed, and the token may send this number of further requests at once.
    Requests(u32),
    /// The request exceeds the limit. The next request is allowed after this time.
    Nothing(Duration),
}

impl Rate {
    /// Creates a limit of requests per second. Returns `None` if the number is 0, which means no limit.
    pub fn new(requests_per_second: u32) -> Option<Self> {
        Self::by(DefaultClock::default(), requests_per_second)
    }
}

impl<C: Clock> Rate<C> {
    fn by(clock: C, requests_per_second: u32) -> Option<Self> {
        let average = NonZeroU32::new(requests_per_second)?;
        let burst = average.saturating_mul(NonZeroU32::new(BURST_SECONDS)?);
        let policy = format!("\"token\";q={burst};w={BURST_SECONDS}");
        let quota = Quota::per_second(average).allow_burst(burst);
        Some(Self(Arc::new(Parts {
            limiter: RateLimiter::new(quota, DefaultKeyedStateStore::default(), clock),
            policy: HeaderValue::from_str(&policy).ok()?,
            crowded: AtomicUsize::new(MANY),
        })))
    }

    /// Counts a request of the token if the limit allows it, and returns the remainder of the limit.
    pub fn take(&self, token: Uuid) -> Left {
        let limiter = &self.0.limiter;
        match limiter.check_key(&token) {
            // Only a token with a full allowance can be new to the limiter's memory.
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                if left + 1 == state.quota().burst_size().get() && limiter.len() > self.0.crowded.load(Relaxed) {
                    limiter.retain_recent();
                    // The threshold is twice the current number of tokens, so that the cost of a removal is spread over
                    // many new tokens.
                    self.0.crowded.store(MANY.max(2 * limiter.len()), Relaxed);
                }
                Left::Requests(left)
            }
            Err(until) => Left::Nothing(until.wait_time_from(limiter.clock().now())),
        }
    }

    /// Returns the rate limit headers of a response.
    pub fn headers(&self, left: Left) -> [(HeaderName, HeaderValue); 2] {
        let text = match left {
            Left::Requests(requests) => format!("\"token\";r={requests}"),
            Left::Nothing(wait) => format!("\"token\";r=0;t={}", whole_seconds(wait)),
        };
        let value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
        [(RATE_LIMIT, value), (RATE_LIMIT_POLICY, self.0.policy.clone())]
    }
}

/// Returns a waiting time in whole seconds for `Retry-After`: at least as long as `wait`, and at most one second
/// longer.
pub fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn a_burst_of_two_seconds_is_allowed_and_then_one_at_each_interval() {
        let clock = FakeRelativeClock::default();
        let rate = Rate::by(clock.clone(), 10).unwrap();
        let token = Uuid::from_u128(1);
        for left in (0..20).rev() {
            assert_eq!(rate.take(token), Left::Requests(left));
        }
        let wait = Duration::from_millis(100);
        assert_eq!(rate.take(token), Left::Nothing(wait));
        clock.advance(wait / 2);
        assert_eq!(rate.take(token), Left::Nothing(wait / 2));
        clock.advance(wait / 2);
        assert_eq!(rate.take(token), Left::Requests(0));
        assert_eq!(rate.take(token), Left::Nothing(wait));
        clock.advance(Duration::from_mins(1));
        assert_eq!(rate.take(token), Left::Requests(19));
    }

    #[test]
    fn tokens_with_a_full_allowance_are_dropped_once_there_are_many() {
        let clock = FakeRelativeClock::default();
        let rate = Rate::by(clock.clone(), 1).unwrap();
        for token in 0..=MANY as u128 {
            rate.take(Uuid::from_u128(token));
        }
        assert!(rate.0.limiter.len() >= MANY);
        clock.advance(Duration::from_mins(1));
        for token in 0..=2 * MANY as u128 {
            rate.take(Uuid::from_u128(2 * MANY as u128 + token));
        }
        assert!(rate.0.limiter.len() <= 2 * MANY + 1, "{}", rate.0.limiter.len());
        assert_eq!(rate.take(Uuid::from_u128(1)), Left::Requests(1));
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
