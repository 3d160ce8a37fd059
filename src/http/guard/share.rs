//! Limits of each token: the number of concurrent requests, and the memory of their bodies.
//!
//! A request above a limit is refused immediately instead of waiting, so that requests cannot block each other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use poem::http::header;
use uuid::Uuid;

use crate::http::{
    options::Limits,
    problem::{Kind, Problem, TOO_MANY_REQUESTS, UNAVAILABLE},
};

/// Value of `Retry-After`, in seconds, in the responses that refuse a request because of these limits.
const RETRY_SECONDS: u64 = 1;

/// Counters and limits of the concurrent requests and body bytes of all tokens. Cheap to clone.
#[derive(Clone)]
pub struct Shares(Arc<Parts>);

struct Parts {
    /// Maximum number of concurrent requests of one token.
    requests: usize,
    /// Maximum memory of the bodies of all tokens together, in bytes.
    bytes: usize,
    /// Maximum memory of the request bodies of one token, in bytes.
    bytes_each: usize,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    bytes: usize,
    tokens: HashMap<Uuid, Usage>,
}

#[derive(Default)]
struct Usage {
    requests: usize,
    bytes: usize,
}

impl Shares {
    /// Creates the counters with the configured limits.
    pub fn new(limits: &Limits) -> Self {
        Self::of(
            limits.token_requests(),
            limits.bodies_bytes,
            limits.token_bodies_bytes(),
        )
    }

    fn of(requests: usize, bytes: usize, bytes_each: usize) -> Self {
        Self(Arc::new(Parts {
            requests,
            bytes,
            bytes_each,
            used: Mutex::default(),
        }))
    }

    /// Counts a request of the token as concurrent until the returned value and its clones are dropped.
    ///
    /// # Errors
    /// 429 if the token already has its maximum number of concurrent requests.
    pub fn enter(&self, token: Uuid) -> Result<Arc<Turn>, Problem> {
        let mut used = self.0.used();
        let usage = used.tokens.entry(token).or_default();
        if usage.requests >= self.0.requests {
            let detail = format!(
                "{} requests of this token are under way, which is its share: send the next one when one of them is done",
                self.0.requests
            );
            return Err(refused(TOO_MANY_REQUESTS, detail));
        }
        usage.requests += 1;
        Ok(Arc::new(Turn {
            parts: self.0.clone(),
            token,
            requests: usage.requests,
        }))
    }
}

impl Parts {
    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Guard of one concurrent request of a token. The request counts until the last clone of the guard's `Arc` is dropped.
pub struct Turn {
    parts: Arc<Parts>,
    token: Uuid,
    /// Number of concurrent requests of the token when this one began, with this one.
    pub requests: usize,
}

impl Turn {
    /// Creates the counter of the memory that the request's body takes. The counter begins with 0 bytes.
    pub fn buffer(self: &Arc<Self>) -> Buffered {
        Buffered {
            turn: self.clone(),
            bytes: 0,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut used = self.parts.used();
        if let Some(usage) = used.tokens.get_mut(&self.token) {
            usage.requests -= 1;
            if usage.requests == 0 {
                used.tokens.remove(&self.token);
            }
        }
    }
}

/// Counter of the memory that one body takes. The bytes count towards the limits until the counter is dropped.
pub struct Buffered {
    turn: Arc<Turn>,
    bytes: usize,
}

impl Buffered {
    /// Adds `more` bytes to the count. If the call fails, the count is unchanged.
    ///
    /// # Errors
    /// 503 if the bodies of all tokens would exceed the server's limit, 429 if the token's bodies would exceed the
    /// token's limit.
    pub fn grow(&mut self, more: usize) -> Result<(), Problem> {
        let Parts { bytes, bytes_each, .. } = *self.turn.parts;
        let mut used = self.turn.parts.used();
        if used.bytes + more > bytes {
            let detail =
                format!("the bodies of all requests under way would take more than {bytes} bytes: try again shortly");
            return Err(refused(UNAVAILABLE, detail));
        }
        let usage = used.tokens.entry(self.turn.token).or_default();
        if usage.bytes + more > bytes_each {
            let detail = format!(
                "the bodies of this token's requests under way would take more than {bytes_each} bytes, which is its \
                 share: send fewer or smaller ones at once"
            );
            return Err(refused(TOO_MANY_REQUESTS, detail));
        }
        usage.bytes += more;
        used.bytes += more;
        self.bytes += more;
        Ok(())
    }

    /// Reduces the count to `bytes`. Has no effect if the count is smaller.
    pub fn shrink_to(&mut self, bytes: usize) {
        let less = self.bytes.saturating_sub(bytes);
        let mut used = self.turn.parts.used();
        used.bytes -= less;
        if let Some(usage) = used.tokens.get_mut(&self.turn.token) {
            usage.bytes -= less;
        }
        self.bytes -= less;
    }
}

impl Drop for Buffered {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

/// Storage for the body's memory counter in the data of the request. The bytes count until the request has been
/// handled. Clones share the storage.
#[derive(Clone, Default)]
pub struct Held(Arc<Mutex<Option<Buffered>>>);

impl Held {
    /// Stores the counter, so that its bytes count until the request is dropped.
    pub fn keep(&self, buffered: Buffered) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(buffered);
    }
}

fn refused(kind: Kind, detail: String) -> Problem {
    Problem::new(kind, detail).with_header(header::RETRY_AFTER, RETRY_SECONDS.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares() -> Shares {
        Shares::of(2, 100, 25)
    }

    #[test]
    fn a_token_has_its_share_of_requests_and_gives_it_back() {
        let (shares, one, other) = (shares(), Uuid::from_u128(1), Uuid::from_u128(2));
        let first = shares.enter(one).ok().unwrap();
        let second = shares.enter(one).ok().unwrap();
        assert!(shares.enter(one).is_err());
        assert!(shares.enter(other).is_ok());
        drop(first.clone());
        assert!(shares.enter(one).is_err());
        drop(first);
        assert!(shares.enter(one).is_ok());
        drop(second);
        assert!(shares.0.used().tokens.is_empty());
    }

    #[test]
    fn a_token_holds_a_quarter_of_the_bytes_and_all_together_no_more_than_there_are() {
        let shares = shares();
        let turns: Vec<_> = (0..5)
            .map(|token| shares.enter(Uuid::from_u128(token)).ok().unwrap())
            .collect();
        let mut held: Vec<_> = turns.iter().map(Turn::buffer).collect();
        assert!(held[0].grow(26).is_err(), "more than its share");
        for buffered in &mut held[..4] {
            buffered.grow(25).ok().unwrap();
        }
        assert!(turns[0].buffer().grow(1).is_err(), "of another request");
        assert!(held[4].grow(1).is_err(), "more than there are");
        held[0].shrink_to(20);
        held[4].grow(5).ok().unwrap();
        drop(held);
        assert_eq!(shares.0.used().bytes, 0);
    }
}
