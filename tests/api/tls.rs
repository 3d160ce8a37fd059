//! TLS in the executable: a certificate and its key, which are read again on SIGHUP.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use reqwest::Certificate;
use tempfile::{TempDir, tempdir};
use tokio::{io::AsyncReadExt, net::TcpStream};

use crate::{
    command_line::{Served, assert_refused, command, run},
    raw::{DEADLINE, Raw, statuses},
};

/// Creates a certificate for this machine and its key in a folder, and returns the certificate.
fn certify(folder: &Path) -> Certificate {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    Certificate::from_pem(made.cert.pem().as_bytes()).unwrap()
}

struct Encrypted {
    served: Served,
    folder: TempDir,
    log: PathBuf,
}

impl Encrypted {
    fn start() -> (Self, Certificate) {
        let folder = tempdir().unwrap();
        let certificate = certify(folder.path());
        let log = folder.path().join("log");
        let mut program = command(folder.path(), &["serve"]);
        program
            .env("PREDICTION_API_TLS__CERTIFICATE", "certificate.pem")
            .env("PREDICTION_API_TLS__KEY", "key.pem")
            .env("PREDICTION_API_LIMITS__HEADER_SECONDS", "1");
        let served = Served::start_logging(program, &log);
        let encrypted = Self { served, folder, log };
        (encrypted, certificate)
    }

    fn url(&self) -> String {
        let swagger = self.served.said("Swagger UI");
        swagger.strip_suffix("/swagger").unwrap().to_owned()
    }

    fn hang_up(&self) {
        let id = self.served.id().to_string();
        let told = Command::new("kill").args(["-HUP", &id]).status();
        assert!(told.unwrap().success());
    }

    /// Waits until the log contains the words this many times.
    async fn logs(&self, words: &str, times: usize) {
        let begun = Instant::now();
        loop {
            let log = fs::read_to_string(&self.log).unwrap();
            if log.matches(words).count() >= times {
                return;
            }
            assert!(begun.elapsed() < DEADLINE, "no {words} in {log}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Returns a client that trusts only this certificate, and opens a new connection for each request.
fn trusting(certificate: &Certificate) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_built_in_root_certs(false)
        .add_root_certificate(certificate.clone())
        .build()
        .unwrap()
}

async fn is_alive(url: &str, certificate: &Certificate) -> bool {
    let answer = trusting(certificate).get(format!("{url}/livez")).send();
    answer.await.is_ok_and(|answer| answer.status() == 200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_speaks_https_with_the_certificate_that_is_configured() {
    let (server, certificate) = Encrypted::start();
    let url = server.url();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let answer = trusting(&certificate).get(format!("{url}/livez")).send().await.unwrap();
    let transport = &answer.headers()["strict-transport-security"];
    assert_eq!(transport, "max-age=31536000");
    let other = tempdir().unwrap();
    assert!(!is_alive(&url, &certify(other.path())).await);

    // Plain HTTP gets no response.
    let mut plain = Raw::connect(&url.replace("https", "http")).await;
    plain.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(statuses(&plain.rest().await).is_empty());
    assert_eq!(server.served.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handshakes_that_do_not_come_to_an_end_hold_nobody_up() {
    let (server, certificate) = Encrypted::start();
    let url = server.url();
    let address = url.strip_prefix("https://").unwrap();
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    assert!(is_alive(&url, &certificate).await);
    for mut stream in silent {
        let mut byte = [0];
        let closed = tokio::time::timeout(DEADLINE, stream.read(&mut byte));
        assert!(matches!(closed.await.expect("it stays"), Ok(0) | Err(_)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hangup_reads_the_certificate_again_and_a_bad_one_leaves_the_old() {
    let (server, first) = Encrypted::start();
    let url = server.url();
    let kept = trusting(&first);
    let livez = format!("{url}/livez");
    assert_eq!(kept.get(&livez).send().await.unwrap().status(), 200);

    let key = server.folder.path().join("key.pem");
    fs::write(&key, "no key").unwrap();
    server.hang_up();
    server.logs("the old one stays in use", 1).await;
    assert!(is_alive(&url, &first).await);

    let second = certify(server.folder.path());
    server.hang_up();
    server.logs("the certificate was read again", 1).await;
    assert!(is_alive(&url, &second).await);
    assert!(!is_alive(&url, &first).await);
    // An open connection keeps its certificate.
    assert_eq!(kept.get(&livez).send().await.unwrap().status(), 200);
}

#[test]
fn a_certificate_that_cannot_be_used_stops_the_start_with_a_line() {
    let folder = tempdir().unwrap();
    certify(folder.path());
    let other = tempdir().unwrap();
    certify(other.path());
    let start = |certificate: &str, key: &str| {
        let file = format!("[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n");
        fs::write(folder.path().join("tls.toml"), file).unwrap();
        run(folder.path(), &["--config", "tls.toml", "--listen", ":0"])
    };
    let foreign = other.path().join("key.pem");
    assert_refused(&start("certificate.pem", ""), &["tls.certificate", "both"]);
    assert_refused(&start("", "key.pem"), &["tls.key", "both"]);
    assert_refused(&start("none.pem", "key.pem"), &["none.pem"]);
    assert_refused(&start("key.pem", "key.pem"), &["key.pem", "none"]);
    assert_refused(&start("certificate.pem", "certificate.pem"), &["key"]);
    assert_refused(
        &start("certificate.pem", foreign.to_str().unwrap()),
        &["certificate.pem"],
    );
    assert!(!folder.path().join("data").exists(), "nothing was made");
}

#[test]
fn to_listen_for_others_without_tls_is_warned_of() {
    for (address, is_warned) in [("0.0.0.0:0", true), ("127.0.0.1:0", false)] {
        let folder = tempdir().unwrap();
        let log = folder.path().join("log");
        let program = command(folder.path(), &["serve"]);
        let served = Served::start_at(program, address, &log);
        assert_eq!(served.terminate(), Some(0));
        let log = fs::read_to_string(log).unwrap();
        assert_eq!(log.contains("without TLS"), is_warned, "{log}");
    }
}
