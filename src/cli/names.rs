//! Finds organisations, jobs, sensors and tokens that the command line names by their id or their name.

use std::{collections::HashMap, future::Future};

use uuid::Uuid;

use super::{Failure, faults::failed};
use crate::{
    domain::{
        Error, Page,
        job::JobFilter,
        organisation::Organisation,
        page::{Listed, MAX_LIMIT},
        sensor::SensorFilter,
        text::Name,
        token::Token,
    },
    service::{App, job, organisation, sensor, token},
};

/// Reads all pages of a list. `id` returns the id of a row.
pub async fn all<T, F>(list: impl Fn(Page) -> F, id: impl Fn(&T) -> Uuid) -> Result<Vec<T>, Failure>
where
    F: Future<Output = Result<Listed<T>, Error>>,
{
    let mut found: Vec<T> = Vec::new();
    loop {
        let page = Page {
            after: found.last().map(&id),
            limit: MAX_LIMIT,
        };
        let listed = list(page).await.map_err(|error| failed(error, &[]))?;
        found.extend(listed.items);
        if !listed.more {
            return Ok(found);
        }
    }
}

/// Returns all organisations, or those with this name.
pub async fn organisations(app: &App, name: Option<String>) -> Result<Vec<Organisation>, Failure> {
    let operator = token::operator();
    all(
        |page| organisation::list(app, &operator, name.clone(), page),
        |found| found.id,
    )
    .await
}

/// The names of all organisations, for lists.
pub struct Owners(HashMap<Uuid, Name>);

impl Owners {
    /// Reads the names.
    pub async fn read(app: &App) -> Result<Self, Failure> {
        let found = organisations(app, None).await?.into_iter();
        Ok(Self(found.map(|found| (found.id, found.name)).collect()))
    }

    /// Returns the name of an organisation, and `-` for none.
    pub fn name(&self, id: Option<Uuid>) -> String {
        let Some(id) = id else {
            return "-".to_owned();
        };
        self.0.get(&id).map_or_else(|| id.to_string(), ToString::to_string)
    }
}

/// Something that has the given name: its id, and its organisation.
type Match = (Uuid, Option<Uuid>);

/// Returns the id of the organisation with this id or name.
pub async fn organisation(app: &App, text: &str) -> Result<Uuid, Failure> {
    let known = |id| is_found(organisation::get(app, &token::operator(), id));
    if let Some(id) = given_id(text, known)? {
        return Ok(id);
    }
    let found = organisations(app, Some(normal(text))).await?.into_iter();
    pick(
        app,
        "organisation",
        "organisation list",
        text,
        found.map(|found| (found.id, None)).collect(),
    )
    .await
}

/// Returns the id of the organisation with this id or name. `None` if none is given.
pub async fn organisation_if_given(app: &App, text: Option<&String>) -> Result<Option<Uuid>, Failure> {
    match text {
        Some(text) => organisation(app, text).await.map(Some),
        None => Ok(None),
    }
}

/// Returns the id of the job with this id or name, in the organisation if one is given.
pub async fn job(app: &App, text: &str, owner: Option<Uuid>) -> Result<Uuid, Failure> {
    let known = |id| is_found(job::get(app, &token::operator(), id));
    if let Some(id) = given_id(text, known)? {
        return Ok(id);
    }
    let (operator, filter) = (
        token::operator(),
        JobFilter {
            organisation_id: owner,
            name: Some(normal(text)),
            ..JobFilter::default()
        },
    );
    let found = all(|page| job::list(app, &operator, filter.clone(), page), |found| found.id).await?;
    let found = found.iter().map(|found| (found.id, Some(found.organisation_id)));
    pick(app, "job", "jobs", text, found.collect()).await
}

/// Returns the id of the sensor with this id or name, in the organisation if one is given.
pub async fn sensor(app: &App, text: &str, owner: Option<Uuid>) -> Result<Uuid, Failure> {
    let known = |id| is_found(sensor::get(app, &token::operator(), id));
    if let Some(id) = given_id(text, known)? {
        return Ok(id);
    }
    let (operator, filter) = (
        token::operator(),
        SensorFilter {
            organisation_id: owner,
            name: Some(normal(text)),
            ..SensorFilter::default()
        },
    );
    let found = all(
        |page| sensor::list(app, &operator, filter.clone(), page),
        |found| found.id,
    )
    .await?;
    let found = found.iter().map(|found| (found.id, Some(found.organisation_id)));
    pick(app, "sensor", "sensors", text, found.collect()).await
}

/// Returns the id of the token with this id or name, in the organisation if one is given.
pub async fn token(app: &App, text: &str, owner: Option<Uuid>, tokens: &[Token]) -> Result<Uuid, Failure> {
    let known = |id| Ok(tokens.iter().any(|found| found.id == id));
    if let Some(id) = given_id(text, known)? {
        return Ok(id);
    }
    let name = normal(text);
    let is_meant =
        |found: &&Token| found.name.as_str() == name && owner.is_none_or(|owner| found.organisation_id == Some(owner));
    let found = tokens.iter().filter(is_meant);
    let found = found.map(|found| (found.id, found.organisation_id));
    pick(app, "token", "token list", text, found.collect()).await
}

/// Returns the text as an id, if it is one that exists.
fn given_id(text: &str, is_known: impl Fn(Uuid) -> Result<bool, Failure>) -> Result<Option<Uuid>, Failure> {
    match Uuid::try_parse(text) {
        // A name may look like an id.
        Ok(id) => Ok(is_known(id)?.then_some(id)),
        Err(_) => Ok(None),
    }
}

fn is_found<T>(result: Result<T, Error>) -> Result<bool, Failure> {
    match result {
        Ok(_) => Ok(true),
        Err(Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(failed(error, &[])),
    }
}

/// Returns the name as it is stored.
fn normal(text: &str) -> String {
    Name::new(text.trim()).as_str().to_owned()
}

/// Returns the only match.
///
/// # Errors
/// There is no match, or several. The message says how to list them.
async fn pick(app: &App, what: &str, list: &str, text: &str, found: Vec<Match>) -> Result<Uuid, Failure> {
    match found.as_slice() {
        [(id, _)] => Ok(*id),
        [] => Err(Failure(format!(
            "there is no {what} with the id or name {text:?}: `prediction-api {list}` lists them"
        ))),
        several => {
            let owners = Owners::read(app).await?;
            let one = |(id, owner): &Match| format!("{id} ({})", owners.name(*owner));
            let ids: Vec<_> = several.iter().map(one).collect();
            Err(Failure(format!(
                "{} {what}s have the name {text:?}: name the organisation with --organisation, or give the id: {}",
                several.len(),
                ids.join(", ")
            )))
        }
    }
}
