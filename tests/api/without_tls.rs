//! An executable that was built without TLS.

use std::fs;

use tempfile::tempdir;

use crate::command_line::{Served, assert_refused, command, run};

#[test]
fn a_certificate_is_refused_with_the_way_out() {
    let folder = tempdir().unwrap();
    let start = |certificate: &str, key: &str| {
        let file = format!("[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n");
        fs::write(folder.path().join("tls.toml"), file).unwrap();
        run(folder.path(), &["--config", "tls.toml", "--listen", ":0"])
    };
    // Whether the files exist does not matter.
    assert_refused(
        &start("certificate.pem", "key.pem"),
        &[
            "tls.certificate",
            "certificate.pem",
            "built without TLS",
            "reverse proxy",
            "the feature `tls`",
        ],
    );
    assert_refused(&start("certificate.pem", ""), &["tls.certificate", "both"]);
    assert!(!folder.path().join("data").exists(), "nothing was made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_certificate_it_serves_and_advises_a_reverse_proxy() {
    let folder = tempdir().unwrap();
    let log = folder.path().join("log");
    let mut program = command(folder.path(), &["serve"]);
    program
        .env("PREDICTION_API_TLS__CERTIFICATE", "")
        .env("PREDICTION_API_TLS__KEY", "");
    let served = Served::start_at(program, "0.0.0.0:0", &log);
    let url = served.said("Swagger UI").replace("/swagger", "");
    assert!(url.starts_with("http://"), "{url}");
    let ready = reqwest::get(format!("{url}/readyz")).await.unwrap();
    assert_eq!(ready.status(), 200);
    assert_eq!(served.terminate(), Some(0));
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("put a reverse proxy with TLS in front"), "{log}");
    assert!(!log.contains("tls.certificate"), "{log}");
}
