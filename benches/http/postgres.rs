//! A server of PostgreSQL, and clients of it that do a part of the product's work by plain statements.

use std::{
    fs,
    future::Future,
    io::Write,
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    path::PathBuf,
    pin::Pin,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls, Statement};

use crate::{Outcome, alternate::Side, load::Pace};

/// Runs the server until standard input is closed, which happens when this process ends.
const SERVE: &str = r#"
trap 'rm -rf "$2/data"' EXIT
"$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null || exit 1
"$1/postgres" -D "$2/data" -p "$3" -k "$2" -h 127.0.0.1 -c shared_buffers=256MB >"$2/log" 2>&1 &
cat >/dev/null
kill -QUIT $!
wait
"#;

/// Time limit for the server's first answer.
const START: Duration = Duration::from_mins(1);

/// A server of PostgreSQL with its default settings, so that commits are durable.
pub struct Postgres {
    port: u16,
    process: Child,
    _folder: TempDir,
}

impl Postgres {
    /// Starts the server.
    pub fn start() -> Outcome<Self> {
        // The server runs as another user if this program is run by root, which it refuses.
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let is_root = String::from_utf8(Command::new("id").arg("-u").output()?.stdout)?.trim() == "0";
        let mut command = Command::new(if is_root { "setpriv" } else { "sh" });
        if is_root {
            let id: u32 = String::from_utf8(Command::new("id").args(["-u", "postgres"]).output()?.stdout)?
                .trim()
                .parse()?;
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
            chown(folder.path(), Some(id), Some(id))?;
            command.args([&format!("--reuid={id}"), "--clear-groups", "sh"]);
        }
        let process = command
            .args(["-c", SERVE, "sh"])
            .arg(programs()?)
            .arg(folder.path())
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .spawn()?;
        let server = Self {
            port,
            process,
            _folder: folder,
        };
        let begin = Instant::now();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        while runtime.block_on(server.connect("postgres")).is_err() {
            if begin.elapsed() > START {
                return Err("PostgreSQL did not start".into());
            }
            thread::sleep(Duration::from_millis(100));
        }
        runtime.block_on(async {
            let client = server.connect("postgres").await?;
            client.batch_execute("CREATE DATABASE bench TEMPLATE template0").await?;
            Outcome::Ok(())
        })?;
        Ok(server)
    }

    /// Returns the address of the database, for the setting of the product.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/bench?sslmode=disable", self.port)
    }

    /// Runs statements.
    pub async fn batch(&self, sql: &str) -> Outcome<()> {
        Ok(self.connect("bench").await?.batch_execute(sql).await?)
    }

    async fn connect(&self, database: &str) -> Outcome<Client> {
        let address = format!("host=127.0.0.1 port={} user=postgres dbname={database}", self.port);
        let (client, connection) = tokio_postgres::connect(&address, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut input) = self.process.stdin.take() {
            let _ = input.flush();
        }
        let _ = self.process.wait();
    }
}

/// Returns the folder of the newest installed release's programs.
fn programs() -> Outcome<PathBuf> {
    let folders = fs::read_dir("/usr/lib/postgresql")?.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    let newest = folders.filter(|folder| folder.join("initdb").is_file()).max();
    Ok(newest.ok_or("PostgreSQL is not installed")?)
}

/// Work that a connection does again and again: it gets the connection, its prepared statements, and a number that no
/// other call has.
pub type Work = for<'a> fn(&'a Client, &'a [Statement], i64) -> Pin<Box<dyn Future<Output = Outcome<()>> + 'a>>;

/// Clients of PostgreSQL that send plain statements.
pub struct Plain<'a> {
    /// The server.
    pub server: &'a Postgres,
    /// The statements that each connection prepares.
    pub statements: &'static [&'static str],
    /// The work.
    pub work: Work,
}

impl Side for Plain<'_> {
    fn run(&self, connections: usize, seconds: u64, first_issue: i64) -> Outcome<Pace> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let connect = (0..connections).map(|_| async {
                let client = self.server.connect("bench").await?;
                let prepare = self.statements.iter().map(|sql| client.prepare(sql));
                let statements = futures_util::future::try_join_all(prepare).await?;
                Outcome::Ok((client, statements))
            });
            let clients = futures_util::future::try_join_all(connect).await?;
            let begin = Instant::now();
            let end = Duration::from_secs(seconds);
            let loops = clients
                .iter()
                .zip(0_i64..)
                .map(|((client, statements), place)| async move {
                    let mut count = 0;
                    while begin.elapsed() < end {
                        let number = first_issue * 1_000_000 + count * connections as i64 + place;
                        (self.work)(client, statements, number).await?;
                        count += 1;
                    }
                    Outcome::Ok(count)
                });
            let counts = futures_util::future::try_join_all(loops).await?;
            let requests = u64::try_from(counts.into_iter().sum::<i64>())?;
            Ok(Pace {
                requests,
                per_second: requests as f64 / begin.elapsed().as_secs_f64(),
            })
        })
    }
}
