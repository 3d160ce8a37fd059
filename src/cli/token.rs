//! `token`: creates, lists and revokes tokens in the database itself; the server may be running.

use std::{
    fs,
    io::{self, Write},
};

use clap::ValueEnum;

use super::{
    Failure, Outcome,
    database::{open, open_existing},
    faults::failed,
    listing::{Json, Listing, moment, print_json},
    names::{self, Owners},
    runtime, say,
    serve::ADMIN_TOKEN,
};
use crate::{
    config::Settings,
    domain::{
        Role, Timestamp,
        limit::TokenLimit,
        text::Name,
        token::{Token, TokenCreation},
    },
    service::{App, token},
};

/// The arguments of the command line for the fields of a token.
const FLAGS: &[(&str, &str)] = &[
    ("name", "NAME"),
    ("organisation_id", "--organisation"),
    ("expires_at", "--expires-at"),
    ("limited_to", "--sensor"),
    ("limited_to/sensor_id", "--sensor"),
];

/// The commands about tokens.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Creates a token and prints its secret, which is shown only once
    #[command(after_help = "Examples:
  prediction-api token create \"worker in the cellar\" --role worker --organisation \"North farm\"
  prediction-api token create \"admin 2\" --role admin
  prediction-api token create \"thermometer\" --role worker --organisation \"North farm\" --sensor \"greenhouse\"")]
    Create {
        /// The token's name, unique among the organisation's tokens
        name: String,
        /// The permissions of the token
        #[arg(long)]
        role: RoleArgument,
        /// The id or name of its organisation; required for every role but admin
        #[arg(long, value_name = "ORGANISATION")]
        organisation: Option<String>,
        /// When it expires, such as 2027-01-01T00:00:00Z [default: never]
        #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
        expires_at: Option<Timestamp>,
        /// The id or name of the only sensor whose readings a worker's token may post, for a device
        #[arg(long, value_name = "SENSOR")]
        sensor: Option<String>,
        #[command(flatten)]
        json: Json,
    },
    /// Lists the tokens, without their secrets
    List {
        /// Only those of this organisation (id or name)
        #[arg(long, value_name = "ORGANISATION")]
        organisation: Option<String>,
        #[command(flatten)]
        json: Json,
    },
    /// Revokes a token: requests with it are refused from now on
    #[command(after_help = "Example:\n  prediction-api token revoke \"worker in the cellar\"")]
    Revoke {
        /// The id or name of the token, from `token list`
        token: String,
        /// The id or name of its organisation, if several have a token of this name
        #[arg(long, value_name = "ORGANISATION")]
        organisation: Option<String>,
        /// Revokes the last admin token, too
        #[arg(long)]
        force: bool,
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
        Command::List { .. } | Command::Revoke { .. } => open_existing(settings)?,
    };
    runtime()?.block_on(async {
        match command {
            Command::Create {
                name,
                role,
                organisation,
                expires_at,
                sensor,
                json,
            } => {
                match (role, organisation) {
                    (RoleArgument::Admin, Some(_)) => {
                        let line = "--organisation is not for an admin, who belongs to no organisation";
                        return Err(Failure(line.to_owned()));
                    }
                    (RoleArgument::Admin, None) | (_, Some(_)) => {}
                    (role, None) => return Err(missing(Role::from(*role))),
                }
                let organisation_id = names::organisation_if_given(&app, organisation.as_ref()).await?;
                let sensor_id = match sensor {
                    Some(sensor) => Some(names::sensor(&app, sensor, organisation_id).await?),
                    None => None,
                };
                let new = TokenCreation {
                    name: Name::new(name),
                    role: (*role).into(),
                    organisation_id,
                    expires_at: *expires_at,
                    limited_to: sensor_id.map(TokenLimit::of_sensor),
                };
                create(&app, new, *json).await
            }
            Command::List { organisation, json } => list(&app, organisation.as_ref(), *json).await,
            Command::Revoke {
                token,
                organisation,
                force,
            } => revoke(&app, settings, token, organisation.as_ref(), *force).await,
        }
    })
}

fn missing(role: Role) -> Failure {
    Failure(format!(
        "--organisation is missing: a {} has one; `prediction-api organisation list` lists them, and `prediction-api \
         organisation create NAME` creates one",
        role.as_str()
    ))
}

async fn create(app: &App, new: TokenCreation, json: Json) -> Outcome {
    let made = token::create(app, &token::operator(), new).await;
    let made = made.map_err(|error| failed(error, FLAGS))?;
    let text = match json.json {
        true => serde_json::to_string_pretty(&made).map(|text| text + "\n"),
        false => Ok(format!("id      {}\nsecret  {}\n", made.token.id, made.secret)),
    };
    let shown = text
        .map_err(io::Error::from)
        .and_then(|text| io::stdout().write_all(text.as_bytes()));
    let Err(error) = shown else { return Ok(()) };
    // The secret could not be printed, so nobody can use the token.
    token::revoke(app, &token::operator(), made.token.id)
        .await
        .map_err(|error| failed(error, FLAGS))?;
    Err(Failure(format!(
        "the secret could not be written to standard output ({error}), so the token was revoked"
    )))
}

async fn list(app: &App, organisation: Option<&String>, json: Json) -> Outcome {
    let owner = names::organisation_if_given(app, organisation).await?;
    let mut tokens = all(app).await?;
    tokens.retain(|token| owner.is_none() || token.organisation_id == owner);
    if json.json {
        return print_json(&tokens);
    }
    let owners = Owners::read(app).await?;
    let mut listing = Listing::new(["ID", "ROLE", "ORGANISATION", "EXPIRES", "LAST USED", "NAME"]);
    for token in tokens {
        listing.row([
            token.id.to_string(),
            token.role.as_str().to_owned(),
            owners.name(token.organisation_id),
            moment(token.expires_at, "never"),
            moment(token.last_used_at, "never"),
            token.name.to_string(),
        ]);
    }
    listing.print()
}

/// Returns whether the token belongs to an admin and has not expired.
pub fn is_valid_admin(token: &Token, now: Timestamp) -> bool {
    token.role == Role::Admin && token.expires_at.is_none_or(|expires_at| expires_at > now)
}

/// Reads all tokens.
pub async fn all(app: &App) -> Result<Vec<Token>, Failure> {
    let operator = token::operator();
    names::all(|page| token::list(app, &operator, None, page), |token| token.id).await
}

/// Revokes a token. The last valid admin token is revoked only with `force`, because only the command line can create
/// another one while there are other tokens. Without any token, the next start of the server creates one. Deletes the file of the first admin token if it contains the revoked one.
async fn revoke(app: &App, settings: &Settings, named: &str, organisation: Option<&String>, force: bool) -> Outcome {
    let owner = names::organisation_if_given(app, organisation).await?;
    let tokens = all(app).await?;
    let id = names::token(app, named, owner, &tokens).await?;
    let now = app.now();
    let admins: Vec<_> = tokens.iter().filter(|token| is_valid_admin(token, now)).collect();
    let is_last_admin = matches!(admins.as_slice(), [last] if last.id == id);
    if is_last_admin && tokens.len() > 1 && !force {
        return Err(Failure(format!(
            "{id} is the last valid admin token: create another one first (`prediction-api token create NAME --role \
             admin`), or revoke it with --force"
        )));
    }
    let file = settings.data_dir.join(ADMIN_TOKEN);
    let secret = fs::read_to_string(&file).unwrap_or_default();
    let is_in_file = matches!(token::find(app, secret.trim()), Ok(Some(found)) if found.id == id);
    token::revoke(app, &token::operator(), id)
        .await
        .map_err(|error| failed(error, FLAGS))?;
    say(&format!("revoked {id}"));
    if is_in_file {
        fs::remove_file(&file).map_err(|error| Failure(format!("cannot delete {}: {error}", file.display())))?;
        say(&format!("deleted {}, which contained it", file.display()));
    }
    if tokens.len() == 1 {
        say("no token is left: the next start of the server creates an admin token");
    }
    Ok(())
}
