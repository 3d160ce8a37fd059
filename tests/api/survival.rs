//! Several servers on one database of PostgreSQL under load, while servers are killed and the database is restarted.
//! `KILLS=50 cargo test --release survival` is the full test.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::tempdir;
use uuid::Uuid;

use crate::{
    command_line::{command, run},
    crash::{Client, Ended},
    receiver::{Received, Receiver},
    remote::{self, Caller, Remote},
    storage::{self, Private},
};

const CLIENTS: usize = 16;

/// Longest time between two kills, in milliseconds.
const PAUSE: u128 = 400;

/// Servers that share a database, and the receiver of a webhook.
struct Cluster {
    folder: tempfile::TempDir,
    servers: Vec<Remote>,
    receiver: Receiver,
    organisation: String,
}

impl Cluster {
    async fn start(count: usize) -> Self {
        let folder = tempdir().unwrap();
        storage::url_of(folder.path());
        let servers: Vec<_> = (0..count).map(|_| Self::serve(&folder)).collect();
        let caller = &servers[0].caller;
        let home = caller.ok("POST /organisations", json!({ "name": "Home" })).await;
        let organisation = home["id"].as_str().unwrap().to_owned();
        let receiver = Receiver::start().await;
        // Without an organisation, it receives the messages about the jobs of all.
        let hook = json!({ "name": "hook", "url": receiver.url("/hook") });
        caller.ok("POST /webhooks", hook).await;
        Self {
            folder,
            servers,
            receiver,
            organisation,
        }
    }

    fn serve(folder: &tempfile::TempDir) -> Remote {
        let mut serve = command(folder.path(), &["--data-dir", ".", "--log-level", "error"]);
        serve.env("PREDICTION_API_WEBHOOKS__ALLOW_PRIVATE_ADDRESSES", "true");
        Remote::start_command(serve, Stdio::null())
    }

    fn callers(&self) -> Vec<Caller> {
        self.servers.iter().map(|server| server.caller.clone()).collect()
    }
}

/// Makes a client work until `is_over`. It changes to the next server when its own is lost.
async fn work(
    client: &mut Client,
    callers: &[tokio::sync::watch::Receiver<Caller>],
    first: usize,
    is_over: &AtomicBool,
    home: &str,
) {
    let mut server = first;
    while !is_over.load(Ordering::Relaxed) {
        let caller = callers[server % callers.len()].borrow().clone();
        if client.step(&caller, home).await == Ended::Lost {
            server += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Returns the number of servers that say that they run the loops.
async fn leaders(callers: &[Caller]) -> usize {
    let mut count = 0;
    for caller in callers {
        let (_, metrics) = caller.page("/metrics").await;
        count += usize::from(metrics.lines().any(|line| line == "prediction_api_runs_loops 1"));
    }
    count
}

/// Checks that each promotion was sent as one message, whose repetitions have the same id and body.
fn verify_messages(received: &[Received]) {
    let mut bodies: BTreeMap<&str, &str> = BTreeMap::new();
    let mut events: BTreeMap<(String, String), &str> = BTreeMap::new();
    for message in received {
        let before = bodies.insert(message.id(), &message.body);
        assert!(before.is_none_or(|before| before == message.body), "{message:?}");
        let body = message.json();
        let event = (body["data"]["job_id"].to_string(), body["timestamp"].to_string());
        let id = *events.entry(event).or_insert(message.id());
        assert_eq!(id, message.id(), "a change was sent as two messages: {body}");
    }
}

async fn kill_servers(count: usize) {
    if !storage::is_postgres() {
        return;
    }
    let kills: usize = std::env::var("KILLS").map_or(20, |kills| kills.parse().unwrap());
    let mut cluster = Cluster::start(count).await;
    let home = cluster.organisation.clone();
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        clients.push(Client::new(&cluster.servers[0].caller, number, &home).await);
    }
    let (senders, callers): (Vec<_>, Vec<_>) = cluster.callers().into_iter().map(tokio::sync::watch::channel).unzip();
    let is_over = AtomicBool::new(false);
    let working = clients
        .iter_mut()
        .enumerate()
        .map(|(number, client)| work(client, &callers, number, &is_over, &home));
    let killing = async {
        for _ in 0..kills {
            let random = Uuid::new_v4().as_u128();
            let pause = u64::try_from(random % PAUSE).unwrap();
            tokio::time::sleep(Duration::from_millis(pause)).await;
            let place = usize::try_from(random / PAUSE % count as u128).unwrap();
            // SIGKILL.
            drop(cluster.servers.remove(place));
            let folder = &cluster.folder;
            let server = tokio::task::block_in_place(|| Cluster::serve(folder));
            senders[place].send_replace(server.caller.clone());
            cluster.servers.insert(place, server);
        }
        is_over.store(true, Ordering::Relaxed);
    };
    tokio::join!(killing, futures_util::future::join_all(working));

    let tried: usize = clients.iter().map(|client| client.tried).sum();
    let acknowledged: usize = clients.iter().map(|client| client.acknowledged.len()).sum();
    println!("{kills} kills of {count} servers, {acknowledged} of {tried} requests acknowledged");
    assert!(acknowledged > 0 && acknowledged < tried);
    for caller in &cluster.callers() {
        let names: BTreeSet<_> = caller
            .all("/jobs")
            .await
            .iter()
            .map(|job| job["name"].as_str().unwrap().to_owned())
            .collect();
        for client in &clients {
            client.verify(caller, 0, &names).await;
        }
    }
    let end = Instant::now() + Duration::from_secs(30);
    while leaders(&cluster.callers()).await != 1 {
        assert!(Instant::now() < end, "one server must run the loops");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    verify_deliveries(&cluster).await;
    let checked = run(cluster.folder.path(), &["--data-dir", ".", "check"]);
    assert!(checked.status.success(), "{checked:?}");
}

/// Waits until all messages are delivered, and checks them.
async fn verify_deliveries(cluster: &Cluster) {
    let caller = &cluster.servers[0].caller;
    let hooks = caller.all("/webhooks").await;
    let path = format!("/webhooks/{}/deliveries", hooks[0]["id"].as_str().unwrap());
    let end = Instant::now() + Duration::from_mins(1);
    let listed = loop {
        let listed = caller.all(&path).await;
        if listed.iter().all(|message| message["state"] == "delivered") {
            break listed;
        }
        assert!(Instant::now() < end, "messages are not delivered: {listed:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let received = cluster.receiver.received("/hook", listed.len()).await;
    verify_messages(&received);
    let ids: BTreeSet<_> = received.iter().map(Received::id).collect();
    for message in &listed {
        assert!(
            ids.contains(message["id"].as_str().unwrap()),
            "{message} was not received"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_one_of_two_servers_lose_nothing() {
    kill_servers(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_one_of_four_servers_lose_nothing() {
    kill_servers(4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_the_database_under_load_loses_nothing() {
    if !storage::is_postgres() {
        return;
    }
    let mut database = Private::start();
    let folder = tempdir().unwrap();
    let servers: Vec<_> = (0..2)
        .map(|_| {
            let mut serve = command(folder.path(), &["--data-dir", ".", "--log-level", "error"]);
            serve.env("PREDICTION_API_STORAGE__URL", database.url());
            Remote::start_command(serve, Stdio::null())
        })
        .collect();
    let mut jobs = Vec::new();
    for number in 0..8 {
        jobs.push(servers[0].caller.job(&format!("Job {number}")).await);
    }
    let is_over = AtomicBool::new(false);
    let post = async |place: usize| {
        let (mut acknowledged, mut refused) = (Vec::new(), 0);
        let mut number = 0;
        while !is_over.load(Ordering::Relaxed) {
            let body = remote::issue(&jobs[place], number, 3);
            let reply = servers[place % 2].caller.call("POST /predictions", body).await;
            match reply.status {
                200 => acknowledged.push(number),
                _ => {
                    reply.expect_unavailable();
                    refused += 1;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            number += 1;
        }
        (acknowledged, refused)
    };
    let restarting = async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            tokio::task::block_in_place(|| database.restart());
            let begun = Instant::now();
            for server in &servers {
                for call in ["POST /predictions", "GET /organisations", "GET /jobs"] {
                    let body = match call {
                        "POST /predictions" => remote::issue(&jobs[7], 0, 3),
                        _ => Value::Null,
                    };
                    while server.caller.call(call, body.clone()).await.status != 200 {
                        assert!(
                            begun.elapsed() < Duration::from_secs(5),
                            "{call} does not succeed again"
                        );
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                }
            }
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let (results, ()) = tokio::join!(futures_util::future::join_all((0..7).map(post)), restarting);
    let refused: usize = results.iter().map(|(_, refused)| refused).sum();
    println!("3 restarts, {refused} posts refused");
    for (place, (acknowledged, _)) in results.iter().enumerate() {
        assert!(!acknowledged.is_empty());
        let window = format!("from={}&to=9999-01-01T00:00:00Z&issues=all", remote::hour(0, 0));
        let path = format!("/predictions?job_id={}&metric=all&{window}", jobs[place]);
        let stored: BTreeSet<_> = servers[1]
            .caller
            .all(&path)
            .await
            .iter()
            .map(|row| row["issue_time"].as_str().unwrap().to_owned())
            .collect();
        for number in acknowledged {
            let issue = remote::issue(&jobs[place], *number, 3)["issue_time"]
                .as_str()
                .unwrap()
                .to_owned();
            assert!(stored.contains(&issue), "{place} {number} is lost");
        }
    }
}
