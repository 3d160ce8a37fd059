//! `sensors`: lists sensors; the server may be running.

use super::{
    Outcome,
    database::open_existing,
    listing::{Json, Listing, print_json},
    names::{self, Owners},
    runtime,
};
use crate::{
    config::Settings,
    domain::sensor::SensorFilter,
    service::{sensor, token::operator},
};

/// The arguments of `sensors`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  prediction-api sensors --organisation \"North farm\"")]
pub struct Arguments {
    /// Only the sensors of this organisation (id or name)
    #[arg(long, value_name = "ORGANISATION")]
    organisation: Option<String>,
    #[command(flatten)]
    json: Json,
}

/// Lists the sensors.
pub fn run(settings: &Settings, arguments: &Arguments) -> Outcome {
    let app = open_existing(settings)?;
    runtime()?.block_on(async {
        let filter = SensorFilter {
            organisation_id: names::organisation_if_given(&app, arguments.organisation.as_ref()).await?,
            ..SensorFilter::default()
        };
        let operator = operator();
        let list = |page| sensor::list(&app, &operator, filter.clone(), page);
        let sensors = names::all(list, |sensor| sensor.id).await?;
        if arguments.json.json {
            return print_json(&sensors);
        }
        let owners = Owners::read(&app).await?;
        let mut listing = Listing::new(["ID", "METRIC", "UNIT", "ORGANISATION", "NAME"]);
        for sensor in sensors {
            listing.row([
                sensor.id.to_string(),
                sensor.metric.to_string(),
                sensor.unit.map_or_else(|| "-".to_owned(), |unit| unit.to_string()),
                owners.name(Some(sensor.organisation_id)),
                sensor.name.to_string(),
            ]);
        }
        listing.print()
    })
}
