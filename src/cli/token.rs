//! `token`: creates, lists and revokes tokens in the database itself; the server may be running.

use std::io::{self, Write};

use clap::ValueEnum;
use uuid::Uuid;

use super::{
    Failure, Outcome,
    database::{open, open_existing},
    print, runtime, say,
};
use crate::{
    config::Settings,
    domain::{Error, Page, Role, Timestamp, page::MAX_LIMIT, text::Name, token::NewToken},
    service::{App, token},
};

/// The commands about tokens.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Creates a token and prints its secret, which is shown only once
    Create {
        /// The token's name, unique among the organisation's tokens
        name: String,
        /// The permissions of the token
        #[arg(long)]
        role: RoleArgument,
        /// The id of its organisation; required for every role but admin
        #[arg(long, value_name = "ID")]
        organisation: Option<Uuid>,
        /// When it expires, such as 2027-01-01T00:00:00Z [default: never]
        #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
        expires_at: Option<Timestamp>,
    },
    /// Lists the tokens, without their secrets
    List,
    /// Revokes a token: requests with it are refused from now on
    Revoke {
        /// The id of the token, from `token list`
        id: Uuid,
    },
}

/// The role of a token.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RoleArgument {
    /// May read
    Viewer,
    /// May also post readings and predictions
    Worker,
    /// May also change everything of its organisation
    Manager,
    /// May do everything in every organisation
    Admin,
}

impl From<RoleArgument> for Role {
    fn from(role: RoleArgument) -> Self {
        match role {
            RoleArgument::Viewer => Self::Viewer,
            RoleArgument::Worker => Self::Worker,
            RoleArgument::Manager => Self::Manager,
            RoleArgument::Admin => Self::Admin,
        }
    }
}

/// Runs a command about tokens.
pub fn run(command: &Command, settings: &Settings) -> Outcome {
    let app = match command {
        Command::Create { .. } => open(settings)?,
        Command::List | Command::Revoke { .. } => open_existing(settings)?,
    };
    runtime()?.block_on(async {
        match command {
            Command::Create {
                name,
                role,
                organisation,
                expires_at,
            } => {
                let new = NewToken {
                    name: Name::new(name),
                    role: (*role).into(),
                    organisation_id: *organisation,
                    expires_at: *expires_at,
                    limited_to: None,
                };
                create(&app, new).await
            }
            Command::List => list(&app).await,
            Command::Revoke { id } => {
                token::revoke(&app, &token::operator(), *id).await.map_err(failed)?;
                say(&format!("revoked {id}"));
                Ok(())
            }
        }
    })
}

async fn create(app: &App, new: NewToken) -> Outcome {
    let made = token::create(app, &token::operator(), new).await.map_err(failed)?;
    let lines = format!("id      {}\nsecret  {}\n", made.token.id, made.secret);
    let shown = io::stdout().write_all(lines.as_bytes());
    let Err(error) = shown else { return Ok(()) };
    // The secret could not be printed, so nobody can use the token.
    token::revoke(app, &token::operator(), made.token.id)
        .await
        .map_err(failed)?;
    Err(Failure(format!(
        "the secret could not be written to standard output ({error}), so the token was revoked"
    )))
}

async fn list(app: &App) -> Outcome {
    let mut after = None;
    loop {
        let page = Page {
            after,
            limit: MAX_LIMIT,
        };
        let listed = token::list(app, &token::operator(), None, page).await.map_err(failed)?;
        for found in &listed.items {
            let moment =
                |moment: Option<Timestamp>| moment.map_or_else(|| "never".to_owned(), |moment| moment.to_string());
            let owner = found
                .organisation_id
                .map_or_else(|| "-".to_owned(), |id| id.to_string());
            print(&format!(
                "{}  {:7}  organisation {owner}  expires {}  used {}  {}",
                found.id,
                found.role.as_str(),
                moment(found.expires_at),
                moment(found.last_used_at),
                found.name,
            ))?;
            after = Some(found.id);
        }
        if !listed.more {
            return Ok(());
        }
    }
}

fn failed(error: Error) -> Failure {
    let reasons = match &error {
        Error::Invalid(violations) => violations
            .iter()
            .map(|violation| {
                let pointer = violation.pointer.as_deref().unwrap_or_default();
                match pointer.trim_start_matches('/') {
                    "organisation_id" => "--organisation is missing or unknown".to_owned(),
                    field => format!("{field} {}", violation.detail),
                }
            })
            .collect(),
        other => vec![other.to_string()],
    };
    Failure(reasons.join("; "))
}
