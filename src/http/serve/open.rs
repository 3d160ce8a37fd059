//! Limits of the open connections: their number, and the memory of incomplete request heads.

use std::{
    collections::HashMap,
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{OwnedSemaphorePermit, Semaphore},
};

use super::connection::Connection;
use crate::http::{metrics::OpenConnection, options::Limits};

/// Number of connection slots that are reserved for monitoring. A connection gets one when all ordinary slots are
/// taken, and may then only call health checks and metrics, so that the server can be monitored under full load.
const RESERVED: usize = 16;

/// Time to wait for a free connection slot before the next attempt.
const A_MOMENT: Duration = Duration::from_millis(50);

/// Maximum number of bytes that TLS buffers during a handshake.
const HANDSHAKE_BYTES: usize = 64 * 1024;

/// Open connections and their limits. Cheap to clone.
#[derive(Clone)]
pub struct Open(Arc<Parts>);

struct Parts {
    places: Arc<Semaphore>,
    reserved: Arc<Semaphore>,
    next: AtomicU64,
    connections: Mutex<HashMap<u64, Arc<Connection>>>,
    /// Memory of all incomplete request heads in bytes, and its maximum.
    heads: AtomicUsize,
    most_heads: usize,
    /// Maximum memory of one incomplete request head, in bytes.
    most_head: usize,
}

/// Connection slot: the permit for one open connection. Dropping it frees the slot.
pub struct Place {
    permit: OwnedSemaphorePermit,
    /// Whether the slot is one of those that are reserved for monitoring.
    pub is_reserved: bool,
}

/// Entry of one connection among the open ones. Dropping it removes the connection and frees its slot.
pub struct OneOpen {
    id: u64,
    all: Open,
    connection: Arc<Connection>,
    place: Mutex<Place>,
    _counted: OpenConnection,
}

impl Open {
    /// Creates the set without connections. `is_encrypted` states whether connections use TLS, whose handshakes need
    /// more memory.
    pub fn new(limits: &Limits, is_encrypted: bool) -> Self {
        let handshake = if is_encrypted { HANDSHAKE_BYTES } else { 0 };
        Self(Arc::new(Parts {
            places: Arc::new(Semaphore::new(limits.connections)),
            reserved: Arc::new(Semaphore::new(RESERVED)),
            next: AtomicU64::new(0),
            connections: Mutex::default(),
            heads: AtomicUsize::new(0),
            most_heads: limits.heads_bytes,
            most_head: limits.header_bytes.max(handshake),
        }))
    }

    /// Waits for a slot for one more connection. If all ordinary slots are taken, closes the connection that has been
    /// idle longest and takes its slot. If no connection is idle, takes a reserved slot in the same way. Repeats this
    /// every 50 ms until a slot is free.
    pub async fn place(&self) -> Place {
        let Parts { places, reserved, .. } = &*self.0;
        loop {
            for (semaphore, is_reserved) in [(places, false), (reserved, true)] {
                if let Ok(permit) = semaphore.clone().try_acquire_owned() {
                    return Place { permit, is_reserved };
                }
                if self.close_longest_waiting(is_reserved) {
                    let freed = semaphore.clone().acquire_owned();
                    if let Ok(Ok(permit)) = tokio::time::timeout(A_MOMENT, freed).await {
                        return Place { permit, is_reserved };
                    }
                }
            }
            tokio::time::sleep(A_MOMENT).await;
        }
    }

    /// Closes the connection that has waited longest for a request, among those with reserved or among those with
    /// ordinary slots. Returns `false` if none is waiting.
    fn close_longest_waiting(&self, is_reserved: bool) -> bool {
        let open = self.all();
        let waiting = open
            .values()
            .filter(|connection| connection.is_reserved() == is_reserved)
            .filter_map(|connection| Some((connection.waiting_since()?, connection)));
        let longest = waiting.min_by_key(|(since, _)| *since);
        longest.map(|(_, longest)| longest.unwanted.notify_one()).is_some()
    }

    /// Adds a connection that occupies the slot. Returns its state and its entry.
    pub fn add(&self, place: Place) -> (Arc<Connection>, Arc<OneOpen>) {
        let connection = Arc::new(Connection::new(place.is_reserved));
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        self.all().insert(id, connection.clone());
        let one = OneOpen {
            id,
            all: self.clone(),
            connection: connection.clone(),
            place: Mutex::new(place),
            _counted: OpenConnection::new(),
        };
        (connection, Arc::new(one))
    }

    fn all(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        let all = self.0.connections.lock();
        all.unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the connection with the largest incomplete request head, to free its memory.
    fn close_largest_head(&self) {
        let open = self.all();
        let waiting = open.values().filter(|connection| connection.waiting_since().is_some());
        let bytes = |connection: &&Arc<Connection>| connection.head_bytes.load(Ordering::Relaxed);
        if let Some(largest) = waiting.max_by_key(bytes) {
            // Its bytes are subtracted at once, so that the next call finds another connection.
            self.forget_head(largest);
            largest.unwanted.notify_one();
        }
    }

    fn forget_head(&self, connection: &Connection) {
        let bytes = connection.head_bytes.swap(0, Ordering::Relaxed);
        self.0.heads.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl OneOpen {
    /// Records that a request head is complete, so that its bytes no longer count.
    pub fn head_is_over(&self) {
        self.all.forget_head(&self.connection);
    }

    /// Counts received bytes as part of a request head, if the connection is waiting for a request. If the memory of
    /// all heads exceeds its limit, closes the connection with the largest one.
    fn came(&self, bytes: usize) {
        if self.connection.waiting_since().is_none() {
            return;
        }
        let Parts {
            heads,
            most_heads,
            most_head,
            ..
        } = &*self.all.0;
        let head = &self.connection.head_bytes;
        let bytes = bytes.min(most_head.saturating_sub(head.load(Ordering::Relaxed)));
        // The total is increased before the connection's own count, so that no more is subtracted from it than was
        // added.
        let before = heads.fetch_add(bytes, Ordering::Relaxed);
        head.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > *most_heads {
            self.all.close_largest_head();
        }
    }

    /// Returns whether the connection may call all operations: it occupies an ordinary slot, or one has become free. In
    /// the second case, the connection moves to the ordinary slot.
    pub fn may_ask(&self) -> bool {
        if !self.connection.is_reserved() {
            return true;
        }
        let Ok(permit) = self.all.0.places.clone().try_acquire_owned() else {
            return false;
        };
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.permit = permit;
        self.connection.give_place();
        true
    }
}

impl Drop for OneOpen {
    fn drop(&mut self) {
        self.all.all().remove(&self.id);
        self.head_is_over();
    }
}

/// Stream of a connection, below TLS. It counts the bytes of request heads.
pub struct Counted<S> {
    stream: S,
    open: Arc<OneOpen>,
}

impl<S> Counted<S> {
    /// Wraps the stream of the connection.
    pub fn new(stream: S, open: Arc<OneOpen>) -> Self {
        Self { stream, open }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.open.came(buffer.filled().len() - before);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
