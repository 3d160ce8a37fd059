//! Full or read-only disks, and damaged files: requests are refused with clear problems, and the data gets no worse.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::{
    command_line::{assert_refused, run, text},
    remote::{Remote, hour, issue},
};

const POINTS: usize = 500;

/// A file system in memory, which is unmounted at the end in any case.
pub struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Mounts a disk of this many MiB; none where mounting is not allowed.
    pub fn new(megabytes: usize) -> Option<Self> {
        let disk = Self {
            folder: tempdir().unwrap(),
        };
        let size = format!("size={megabytes}m");
        if disk.mount(&["-t", "tmpfs", "-o", &size, "tmpfs"]) {
            return Some(disk);
        }
        println!("no disk can be mounted here: root is needed");
        None
    }

    pub fn mount(&self, arguments: &[&str]) -> bool {
        let mount = Command::new("mount").args(arguments).arg(self.path()).output();
        mount.is_ok_and(|output| output.status.success())
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Fills the disk.
    pub fn fill(&self) -> PathBuf {
        let filler = self.path().join("filler");
        let mut file = File::create(&filler).unwrap();
        for size in [65536, 4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        filler
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

fn predictions(job: &str) -> String {
    let window = format!("from={}&to={}", hour(0, 0), hour(1_000_000, 0));
    format!("/predictions?job_id={job}&metric=all&{window}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_writes_are_refused_and_reads_go_on_until_there_is_room_again() {
    let Some(disk) = Disk::new(8) else { return };
    let server = Remote::start(disk.path(), "data");
    let caller = &server.caller;
    let job = caller.job("Job").await;
    caller.ok("POST /predictions", issue(&job, 0, POINTS)).await;
    let mut kept = 1;
    for round in 0..3 {
        let filler = disk.fill();
        let mut refused = 0;
        for number in kept.. {
            let reply = caller.call("POST /predictions", issue(&job, number, POINTS)).await;
            // The log may have room in it.
            if reply.status == 200 && refused == 0 {
                kept += 1;
                continue;
            }
            reply.expect_unavailable();
            refused += 1;
            if refused == 5 {
                break;
            }
        }
        let rows = caller.all(&predictions(&job)).await;
        assert_eq!(rows.len(), kept * POINTS);
        assert_eq!(caller.probe("/readyz").await, 503);
        assert_eq!(caller.probe("/livez").await, 200);
        caller.call("GET /admin/backup", Value::Null).await.expect_unavailable();
        let backup = run(disk.path(), &["backup", "copy.db"]);
        assert_refused(
            &backup,
            &["cannot back data/prediction-api.db up to copy.db", "no room for a copy"],
        );
        let token = run(disk.path(), &["token", "create", "x", "--role", "admin"]);
        assert_refused(&token, &[]);
        fs::remove_file(filler).unwrap();
        let left: Vec<_> = fs::read_dir(disk.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "round {round}: {left:?}");

        let begun = Instant::now();
        while caller.call("POST /predictions", issue(&job, kept, POINTS)).await.status != 200 {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not recover");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        kept += 1;
        assert_eq!(caller.probe("/readyz").await, 200);
        assert_eq!(caller.all(&predictions(&job)).await.len(), kept * POINTS);
        let checked = run(disk.path(), &["check"]);
        assert!(checked.status.success(), "{}", text(&checked.stdout));
    }
    // A server that is killed while the disk is full has all acknowledged data once there is room.
    let filler = disk.fill();
    drop(server);
    let refused = run(disk.path(), &["--listen", "nowhere"]);
    assert_refused(&refused, &["nowhere"]);
    fs::remove_file(filler).unwrap();
    let again = Remote::start(disk.path(), "data");
    assert_eq!(again.caller.all(&predictions(&job)).await.len(), kept * POINTS);
    assert_eq!(again.served.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_or_file_that_cannot_be_written_is_said_in_one_line() {
    let Some(disk) = Disk::new(8) else { return };
    let server = Remote::start(disk.path(), "data");
    assert_eq!(server.served.terminate(), Some(0));
    assert!(disk.mount(&["-o", "remount,ro"]));
    let serve = || run(disk.path(), &["--listen", ":0"]);
    assert_refused(&serve(), &["prediction-api.lock", "Read-only"]);
    let token = run(disk.path(), &["token", "create", "x", "--role", "admin"]);
    assert_refused(
        &token,
        &["cannot open the database data/prediction-api.db", "may be written"],
    );
    assert!(disk.mount(&["-o", "remount,rw"]));
    // Only the file becomes read-only, by a bind mount over itself, since file modes do not restrict root.
    let database = disk.path().join("data/prediction-api.db");
    let file = |arguments: &[&str]| {
        let mount = Command::new("mount").args(arguments).arg(&database).output();
        mount.unwrap().status.success()
    };
    assert!(file(&["--bind", database.to_str().unwrap()]));
    assert!(file(&["-o", "remount,bind,ro"]));
    let refused = serve();
    assert!(Command::new("umount").arg(&database).status().unwrap().success());
    assert_refused(&refused, &["cannot open the database", "cannot be written"]);
    drop(Remote::start(disk.path(), "data"));
}

/// Creates a stopped server's folder with some predictions, and returns its job.
async fn stopped() -> (TempDir, String) {
    let folder = tempdir().unwrap();
    let server = Remote::start(folder.path(), "data");
    let job = server.caller.job("Job").await;
    for number in 0..100 {
        server.caller.ok("POST /predictions", issue(&job, number, POINTS)).await;
    }
    assert_eq!(server.served.terminate(), Some(0));
    (folder, job)
}

/// Overwrites the pages that hold runs.
fn damage(folder: &Path) {
    let database = folder.join("data/prediction-api.db");
    let connection = Connection::open(&database).unwrap();
    let mut leaves = connection
        .prepare("SELECT pgoffset, pgsize FROM dbstat WHERE name = 'runs' AND pagetype = 'leaf'")
        .unwrap();
    let leaves = leaves.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let leaves: Vec<(i64, i64)> = leaves.unwrap().map(Result::unwrap).collect();
    assert!(leaves.len() > 10, "{leaves:?}");
    let file = File::options().write(true).open(database).unwrap();
    for (offset, size) in &leaves {
        let garbage = vec![0xA5; usize::try_from(*size).unwrap()];
        file.write_all_at(&garbage, u64::try_from(*offset).unwrap()).unwrap();
    }
}

/// Checks that a server on damaged data stays alive, returns problems, and finds the damage.
async fn lives_with_damage(server: &Remote, folder: &Path, job: &str) {
    let reply = server
        .caller
        .call(&format!("GET {}", predictions(job)), Value::Null)
        .await;
    reply.expect_unavailable();
    let reply = server.caller.call("POST /predictions", issue(job, 0, POINTS)).await;
    assert!(reply.status == 503 || reply.status == 500, "{}", reply.status);
    assert_eq!(reply.headers["content-type"], "application/problem+json");
    assert_eq!(server.caller.probe("/livez").await, 200);
    assert_eq!(server.caller.probe("/readyz").await, 503);
    assert_eq!(server.caller.all("/organisations").await.len(), 1);
    let checked = run(folder, &["check"]);
    assert_refused(&checked, &["prediction-api.db has", "fault"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_pages_are_problems_and_the_server_goes_on() {
    let (folder, job) = stopped().await;
    damage(folder.path());
    let server = Remote::start(folder.path(), "data");
    lives_with_damage(&server, folder.path(), &job).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_are_damaged_under_a_running_server_are_problems_too() {
    let (folder, job) = stopped().await;
    let server = Remote::start(folder.path(), "data");
    assert_eq!(server.caller.all(&predictions(&job)).await.len(), 100 * POINTS);
    damage(folder.path());
    lives_with_damage(&server, folder.path(), &job).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_or_overwritten_file_is_refused_in_one_line() {
    let (folder, _) = stopped().await;
    let database = folder.path().join("data/prediction-api.db");
    let whole = fs::read(&database).unwrap();
    let serve = || run(folder.path(), &["--listen", ":0"]);
    for (content, said) in [
        (whole[..whole.len() / 2].to_vec(), "it is damaged"),
        (whole[..5000].to_vec(), "it is damaged"),
        ([&[0xA5; 4096], &whole[4096..]].concat(), "it is not an SQLite database"),
    ] {
        fs::write(&database, content).unwrap();
        let restore = "`prediction-api restore` replaces it by a backup";
        assert_refused(&serve(), &["data/prediction-api.db", said, restore]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_loses_no_acknowledged_write_and_folds_the_log_in() {
    let folder = tempdir().unwrap();
    let server = Remote::start(folder.path(), "data");
    let job = server.caller.job("Job").await;
    let (caller, of) = (server.caller.clone(), job.clone());
    let (begun, begins) = tokio::sync::oneshot::channel();
    let posting = tokio::spawn(async move {
        let mut begun = Some(begun);
        for number in 0.. {
            let posted = caller.try_call("POST /predictions", &issue(&of, number, POINTS)).await;
            if posted.is_err() {
                return number;
            }
            if number == 10 {
                begun.take().unwrap().send(()).unwrap();
            }
        }
        0
    });
    begins.await.unwrap();
    let stopped = tokio::task::spawn_blocking(|| server.served.terminate());
    assert_eq!(stopped.await.unwrap(), Some(0));
    let kept = posting.await.unwrap();
    assert!(!folder.path().join("data/prediction-api.db-wal").exists());
    let again = Remote::start(folder.path(), "data");
    let rows = again.caller.all(&predictions(&job)).await;
    assert_eq!(rows.len() % POINTS, 0);
    assert!(rows.len() >= kept * POINTS);
}
