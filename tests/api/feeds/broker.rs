//! A broker for the tests: mosquitto on a free port, and a client that publishes.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, QoS};
use tempfile::{TempDir, tempdir};
use tokio::{net::TcpStream, time::sleep};

/// Time after which a test gives up.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// A broker whose messages and sessions outlive its process.
pub struct Broker {
    pub port: u16,
    folder: TempDir,
    more: String,
    running: Option<Child>,
}

impl Broker {
    /// Reserves a port for a broker that anybody may use. It is not started.
    pub fn new(port: u16) -> Self {
        Self::with(port, "allow_anonymous true\n")
    }

    /// Reserves a port for a broker with more settings.
    pub fn with(port: u16, more: &str) -> Self {
        Self {
            port,
            folder: tempdir().unwrap(),
            more: more.to_owned(),
            running: None,
        }
    }

    /// Starts the broker, and waits until it accepts connections.
    pub async fn start(&mut self) {
        let (port, folder) = (self.port, self.folder.path());
        let settings = format!(
            "listener {port} 127.0.0.1\nuser root\npersistence true\npersistence_location {}/\n\
             autosave_interval 1\nautosave_on_changes true\nmax_queued_messages 0\n{}",
            folder.display(),
            self.more
        );
        let file = folder.join("mosquitto.conf");
        fs::write(&file, settings).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        let mut command = Command::new("mosquitto");
        // The path of a user may lack the folder of servers.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:/usr/sbin"));
        command.arg("-c").arg(file).stdout(Stdio::null()).stderr(log);
        self.running = Some(command.spawn().expect("mosquitto must be installed"));
        let connecting = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let connected = tokio::time::timeout(DEADLINE, connecting).await;
        connected.unwrap_or_else(|_| panic!("{}", fs::read_to_string(self.folder.path().join("log")).unwrap()));
    }

    /// Stops the broker, which saves its state.
    pub fn stop(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        let id = child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        child.wait().unwrap();
    }

    /// Publishes messages as another client, each with its topic, and waits until the broker has accepted all.
    pub async fn publish(&self, messages: Vec<(String, String)>) {
        self.send(messages, false, Duration::ZERO).await;
    }

    /// Publishes a message that the broker keeps for later subscribers.
    pub async fn retain(&self, topic: &str, payload: &str) {
        let message = (topic.to_owned(), payload.to_owned());
        self.send(vec![message], true, Duration::ZERO).await;
    }

    /// Publishes messages in groups of ten, with a pause after each.
    pub async fn publish_slowly(&self, messages: Vec<(String, String)>, pause: Duration) {
        self.send(messages, false, pause).await;
    }

    async fn send(&self, messages: Vec<(String, String)>, is_retained: bool, pause: Duration) {
        let id = format!("publisher-{}", uuid::Uuid::new_v4());
        let (client, mut events) = AsyncClient::new(MqttOptions::new(id, "127.0.0.1", self.port), 100);
        let count = messages.len();
        let sending = async {
            for (index, (topic, payload)) in messages.into_iter().enumerate() {
                client
                    .publish(topic, QoS::AtLeastOnce, is_retained, payload)
                    .await
                    .unwrap();
                if index % 10 == 9 {
                    sleep(pause).await;
                }
            }
        };
        let accepting = async {
            let mut accepted = 0;
            while accepted < count {
                if let Event::Incoming(Incoming::PubAck(_)) = events.poll().await.unwrap() {
                    accepted += 1;
                }
            }
        };
        let both = async { tokio::join!(sending, accepting) };
        tokio::time::timeout(DEADLINE, both)
            .await
            .expect("the broker does not accept the messages");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(child) = &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Writes a certificate authority, and a certificate for this machine with its key, and returns the settings of a
/// listener.
pub fn certify(folder: &Path) -> String {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let path = folder.display();
    format!("certfile {path}/certificate.pem\nkeyfile {path}/key.pem\n")
}
