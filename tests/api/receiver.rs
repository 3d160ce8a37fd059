//! A receiver of webhooks on a free port. It stores the messages that it receives, and responds as the test demands.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

/// Time limit for expected events.
const DEADLINE: Duration = Duration::from_secs(30);

/// Response of a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum How {
    /// Responds with this status at once.
    Status(u16),
    /// Responds with this status, a further header line (or none) and this body.
    Says(u16, &'static str, &'static str),
    /// Does not respond until this changes.
    Hold,
}

/// A received message.
#[derive(Debug, Clone)]
pub struct Received {
    /// Method of the request.
    pub method: String,
    /// Path of the request.
    pub path: String,
    /// Headers, in lower case.
    pub headers: HashMap<String, String>,
    /// Body of the request.
    pub body: String,
}

impl Received {
    /// Returns the id of the message.
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    /// Returns the body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A running receiver.
pub struct Receiver {
    url: String,
    kept: Arc<Kept>,
}

struct Kept {
    received: Mutex<Vec<Received>>,
    arrived: watch::Sender<usize>,
    how: watch::Sender<HashMap<String, How>>,
}

impl Receiver {
    /// Starts a receiver that responds with 204 to everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = Arc::new(Kept {
            received: Mutex::default(),
            arrived: watch::Sender::new(0),
            how: watch::Sender::new(HashMap::new()),
        });
        let shared = kept.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, shared.clone()));
            }
        });
        Self { url, kept }
    }

    /// Returns the URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Sets the response of a path, also for requests that are still waiting.
    pub fn answers(&self, path: &str, how: How) {
        self.kept.how.send_modify(|known| {
            known.insert(path.to_owned(), how);
        });
    }

    /// Sets the response of all paths that begin with `path`.
    pub fn answers_below(&self, path: &str, how: How) {
        self.answers(&format!("{path}*"), how);
    }

    /// Returns whether there was no request at all.
    pub fn is_untouched(&self) -> bool {
        self.kept.received.lock().unwrap().is_empty()
    }

    /// Returns the messages of a path, once there are `number`.
    pub async fn received(&self, path: &str, number: usize) -> Vec<Received> {
        self.wait(path, number, |one| one.path == path).await
    }

    /// Returns the messages of all paths that begin with `path`, once there are `number`.
    pub async fn received_below(&self, path: &str, number: usize) -> Vec<Received> {
        self.wait(path, number, |one| one.path.starts_with(path)).await
    }

    async fn wait(&self, path: &str, number: usize, fits: impl Fn(&Received) -> bool) -> Vec<Received> {
        let of_path = || -> Vec<Received> {
            let all = self.kept.received.lock().unwrap();
            all.iter().filter(|one| fits(one)).cloned().collect()
        };
        let mut arrived = self.kept.arrived.subscribe();
        let enough = arrived.wait_for(|_| of_path().len() >= number);
        let waited = timeout(DEADLINE, enough).await.is_ok();
        let found = of_path();
        assert!(waited, "{path}: {number} were expected: {found:?}");
        found
    }
}

async fn answer(mut stream: TcpStream, kept: Arc<Kept>) {
    let Some(received) = read(&mut stream).await else {
        return;
    };
    let path = received.path.clone();
    kept.received.lock().unwrap().push(received);
    kept.arrived.send_modify(|number| *number += 1);
    let mut how = kept.how.subscribe();
    let decided = how.wait_for(|how| of(how, &path) != Some(&How::Hold)).await;
    let (status, header, body) = match of(&decided.unwrap(), &path) {
        Some(How::Status(status)) => (*status, "", ""),
        Some(How::Says(status, header, body)) => (*status, *header, *body),
        _ => (204, "", ""),
    };
    let line = if header.is_empty() { "x: y" } else { header };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} x\r\nlocation: {path}\r\n{line}\r\ncontent-length: {length}\r\n\r\n{body}");
    let _ = stream.write_all(head.as_bytes()).await;
}

/// Returns the response of a path. The key of a response for all paths with a beginning ends with `*`.
fn of<'a>(how: &'a HashMap<String, How>, path: &str) -> Option<&'a How> {
    let begins = |key: &str| {
        key.strip_suffix('*')
            .is_some_and(|beginning| path.starts_with(beginning))
    };
    how.get(path)
        .or_else(|| how.iter().find(|(key, _)| begins(key)).map(|(_, how)| how))
}

/// Reads a request to its end; none if it is interrupted.
async fn read(stream: &mut TcpStream) -> Option<Received> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut part).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&part[..read]);
        let text = String::from_utf8(bytes.clone()).ok()?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let (request, headers) = head.split_once("\r\n")?;
        let headers: HashMap<_, _> = headers
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length: usize = headers.get("content-length")?.parse().ok()?;
        if body.len() >= length {
            return Some(Received {
                method: request.split(' ').next()?.to_owned(),
                path: request.split(' ').nth(1)?.to_owned(),
                headers,
                body: body.to_owned(),
            });
        }
    }
}
