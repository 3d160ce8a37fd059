//! `organisation`: creates and lists organisations in the database itself; the server may be running.

use uuid::Uuid;

use super::{
    Outcome,
    database::{open, open_existing},
    faults::failed,
    listing::{Json, Listing, moment, print_json},
    names, runtime, say,
};
use crate::{
    config::Settings,
    domain::{organisation::OrganisationCreation, text::Name},
    service::{organisation, token},
};

/// The commands about organisations.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Creates an organisation and prints its id
    #[command(after_help = "Example:\n  prediction-api organisation create \"North farm\"")]
    Create {
        /// The organisation's name, unique on the server
        name: String,
        /// The organisation's id, a UUID [default: a new one]
        #[arg(long, value_parser = uuid)]
        id: Option<Uuid>,
        #[command(flatten)]
        json: Json,
    },
    /// Lists the organisations
    List {
        #[command(flatten)]
        json: Json,
    },
}

fn uuid(text: &str) -> Result<Uuid, &'static str> {
    Uuid::try_parse(text).map_err(|_| "must be a UUID, such as 0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e00")
}

/// Runs a command about organisations.
pub fn run(command: &Command, settings: &Settings) -> Outcome {
    let app = match command {
        Command::Create { .. } => open(settings)?,
        Command::List { .. } => open_existing(settings)?,
    };
    runtime()?.block_on(async {
        match command {
            Command::Create { name, id, json } => {
                let new = OrganisationCreation {
                    id: *id,
                    name: Name::new(name),
                };
                let made = organisation::create(&app, &token::operator(), new).await;
                let made = made.map_err(|error| failed(error, &[("name", "NAME"), ("id", "--id")]))?;
                if json.json {
                    return print_json(&made);
                }
                say(&format!("id      {}\nname    {}", made.id, made.name));
                Ok(())
            }
            Command::List { json } => {
                let found = names::organisations(&app, None).await?;
                if json.json {
                    return print_json(&found);
                }
                let mut listing = Listing::new(["ID", "CREATED", "NAME"]);
                for organisation in found {
                    listing.row([
                        organisation.id.to_string(),
                        moment(Some(organisation.created_at), "-"),
                        organisation.name.to_string(),
                    ]);
                }
                listing.print()
            }
        }
    })
}
