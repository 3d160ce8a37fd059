//! The engine on which the tests run: SQLite, or PostgreSQL if `PREDICTION_API_TEST_STORAGE` is `postgres`. Then each
//! process of tests starts a server of PostgreSQL of its own, which ends with the process.

use std::{
    collections::BTreeMap,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Mutex, MutexGuard, OnceLock},
    time::{Duration, Instant},
};

use prediction_api::store::{Db, engine::Connection, integrity::Report, postgres, sqlite::integrity};

use uuid::Uuid;

use crate::app::store_limits;

/// Runs PostgreSQL until the test process ends, however it ends: then standard input is closed. A line on it restarts the
/// server.
const SERVE: &str = r#"
# A signal from the terminal goes to the whole group of processes. It ends `read`, and the server is still stopped below.
trap : HUP INT TERM
trap 'rm -rf "$2"' EXIT
"$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null || exit 1
start() {
    "$1/postgres" -D "$2/data" -p "$3" -k "$2" -h 127.0.0.1 -F -c full_page_writes=off -c max_connections=900 \
        -c shared_buffers=64MB -c autovacuum=off >>"$2/log" 2>&1 &
}
start "$@"
while read -r _; do
    while kill -INT $! 2>/dev/null; do sleep 0.1; done
    wait
    start "$@"
done
# A server that has just been started still ignores the signal, so it is repeated.
while kill -QUIT $! 2>/dev/null; do sleep 0.1; done
wait
"#;

/// Returns whether the tests run on PostgreSQL.
pub fn is_postgres() -> bool {
    std::env::var_os("PREDICTION_API_TEST_STORAGE").is_some_and(|name| name == "postgres")
}

/// Makes a command use the database of PostgreSQL that belongs to the folder, if there is one.
pub fn choose(command: &mut Command, folder: &Path) {
    if is_postgres() && made().contains_key(folder) {
        command.env("PREDICTION_API_STORAGE__URL", url_of(folder));
    }
}

/// Opens the database that belongs to a data folder.
pub fn open(folder: &Path) -> Db {
    match is_postgres() {
        true => Db::connect(options(folder), store_limits()).unwrap(),
        false => Db::open(&folder.join("prediction-api.db"), store_limits()).unwrap(),
    }
}

/// Connects to the database that belongs to a data folder, like another program.
pub fn connect(folder: &Path) -> Connection {
    match is_postgres() {
        true => postgres::connect(&options(folder)).unwrap(),
        false => Connection::Sqlite(rusqlite::Connection::open(folder.join("prediction-api.db")).unwrap()),
    }
}

/// Checks the rows of the database that belongs to a data folder, and returns the report.
pub fn check(folder: &Path) -> Report {
    match is_postgres() {
        true => postgres::check_rows(&options(folder)).unwrap(),
        false => integrity::check(&folder.join("prediction-api.db")).unwrap(),
    }
}

/// Makes the data folder `with` belong to the same database as `of`.
pub fn share(of: &Path, with: &Path) {
    let name = made()[of].clone();
    made().insert(with.to_owned(), name);
}

/// Ends all connections to the folder's database.
pub fn disconnect(folder: &Path) {
    let name = made()[folder].clone();
    // Waits up to ten seconds for the end of each.
    let end = format!("SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = '{name}'");
    query(server(), "postgres", &end);
}

/// Refuses connections to the folder's database and ends those that are open, or accepts them again.
pub fn close(folder: &Path, is_closed: bool) {
    let name = made()[folder].clone();
    query(
        server(),
        "postgres",
        &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {}", !is_closed),
    );
    if is_closed {
        disconnect(folder);
    }
}

/// Returns the settings of connections to the database that belongs to a data folder.
pub fn options(folder: &Path) -> postgres::Options {
    postgres::Options {
        url: url_of(folder),
        password: String::new(),
        password_file: PathBuf::new(),
        ca_file: PathBuf::new(),
        connections: 4,
        connect_seconds: 10,
        statement_seconds: 60,
        lock_seconds: 30,
        start_seconds: 10,
    }
}

/// Returns the address of the database that belongs to a data folder. It is created when it is first asked for.
pub fn url_of(folder: &Path) -> String {
    let port = server();
    let mut made = made();
    let name = made.entry(folder.to_owned()).or_insert_with(|| {
        let mut hasher = DefaultHasher::new();
        folder.hash(&mut hasher);
        let name = format!("t{:016x}", hasher.finish());
        query(port, "postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"));
        name
    });
    format!("postgres://postgres@127.0.0.1:{port}/{name}?sslmode=disable")
}

/// Returns the names of the databases, by their data folders.
fn made() -> MutexGuard<'static, BTreeMap<PathBuf, String>> {
    static MADE: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());
    MADE.lock().unwrap()
}

/// Runs a statement by PostgreSQL's own client, and returns what it prints.
pub fn query(port: u16, database: &str, sql: &str) -> String {
    let run = psql(port, database, sql);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// Runs a statement like [`query`]. `None` if it fails.
fn try_query(port: u16, database: &str, sql: &str) -> Option<String> {
    let run = psql(port, database, sql);
    run.status.success().then(|| String::from_utf8(run.stdout).unwrap())
}

fn psql(port: u16, database: &str, sql: &str) -> Output {
    Command::new(programs().join("psql"))
        .args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
        ])
        .args(["-p", &port.to_string(), "-d", database, "-c", sql])
        .output()
        .unwrap()
}

/// Returns the port of this process's server, which is started when it is first asked for.
pub fn server() -> u16 {
    static PORT: OnceLock<u16> = OnceLock::new();
    *PORT.get_or_init(|| {
        let server = Private::start();
        let port = server.port;
        // It ends with the process of the tests, whose end of the pipe is closed then.
        std::mem::forget(server);
        port
    })
}

/// A server of PostgreSQL of its own. It stops when this is dropped.
pub struct Private {
    port: u16,
    process: Child,
}

impl Private {
    /// Starts the server.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap().keep();
        let port = free_port();
        // The server refuses to run as root.
        let mut start = if fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
            let user = Command::new("id").args(["-u", "postgres"]).output().unwrap();
            let user: u32 = String::from_utf8(user.stdout).unwrap().trim().parse().unwrap();
            chown(&folder, Some(user), Some(user)).unwrap();
            let mut start = Command::new("setpriv");
            start.args([&format!("--reuid={user}"), "--clear-groups", "sh"]);
            start
        } else {
            Command::new("sh")
        };
        let process = start
            .args(["-c", SERVE, "sh"])
            .arg(programs())
            .arg(&folder)
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let server = Self { port, process };
        server.await_ready(&folder.join("log"));
        server
    }

    /// Restarts the server, which ends all connections, and waits until it accepts new ones.
    pub fn restart(&mut self) {
        let begun = query(self.port, "postgres", "SELECT pg_postmaster_start_time()");
        self.process.stdin.as_mut().unwrap().write_all(b"restart\n").unwrap();
        let end = Instant::now() + Duration::from_mins(1);
        while try_query(self.port, "postgres", "SELECT pg_postmaster_start_time()").is_none_or(|now| now == begun) {
            assert!(Instant::now() < end, "PostgreSQL did not restart");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns the address of a database of the server.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    fn await_ready(&self, log: &Path) {
        for _ in 0..600 {
            if try_query(self.port, "postgres", "SELECT 1").is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!(
            "PostgreSQL did not start: {}",
            fs::read_to_string(log).unwrap_or_default()
        );
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.process.stdin.take();
        let _ = self.process.wait();
    }
}

/// Returns a free port below those that the system gives to others, who could take it before the server has started.
pub fn free_port() -> u16 {
    loop {
        let port = 10_000 + u16::try_from(Uuid::new_v4().as_u128() % 20_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Returns the folder of PostgreSQL's programs, the newest release if there are several.
fn programs() -> PathBuf {
    let mut found: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .map(|releases| {
            releases
                .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
                .collect()
        })
        .unwrap_or_default();
    found.retain(|folder| folder.join("initdb").is_file());
    found.sort();
    found.pop().expect("PostgreSQL is not installed")
}
