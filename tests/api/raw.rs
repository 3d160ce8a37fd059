//! A connection for raw bytes that no client library would send.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Time after which a test gives up on a server.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Connection to the server of a URL.
pub struct Raw(pub TcpStream);

impl Raw {
    pub async fn connect(url: &str) -> Self {
        let address = url.strip_prefix("http://").unwrap();
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Sends bytes. A server that has closed the connection is no failure.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Returns everything received until the server closes the connection.
    pub async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(DEADLINE, self.0.read_to_end(&mut bytes));
        // One that is reset is closed as well.
        let _ = read.await.expect("the server keeps the connection");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Returns everything received up to `end`.
    pub async fn until(&mut self, end: &str) -> String {
        let mut text = String::new();
        let mut bytes = [0; 4096];
        while !text.contains(end) {
            let read = tokio::time::timeout(DEADLINE, self.0.read(&mut bytes));
            let count = read.await.expect("nothing more comes").unwrap();
            assert!(count > 0, "it ended: {text}");
            text += &String::from_utf8_lossy(&bytes[..count]);
        }
        text
    }
}

/// Returns the status codes of the responses in a received text.
pub fn statuses(text: &str) -> Vec<u16> {
    let line = regex::Regex::new(r"HTTP/1\.1 (\d{3})").unwrap();
    let status = |found: regex::Captures<'_>| found[1].parse().unwrap();
    line.captures_iter(text).map(status).collect()
}
