//! Selects the series that are scored, and for each its truth, its reference and its role.

use std::collections::{BTreeMap, HashMap, HashSet, hash_map::Entry};

use uuid::Uuid;

use super::{
    group::{Group, Member, TruthOf},
    truth,
};
use crate::{
    domain::{
        Caller, Error, Result,
        contract::OutputRole,
        interval::Interval,
        prediction::{PredictionScope, Series},
        text::Name,
        track::Track,
        verification::{AccuracyQuery, Reference, TruthKind},
    },
    service::prediction::owners,
    store::{
        self,
        engine::Connection,
        prediction::{OwnedScope, SeriesRow, verify},
    },
};

/// Returns the groups of the series that the query selects, in the order of the response.
///
/// # Errors
/// Not found: a job, location or sensor. Bad parameter: several sensors could be the truth of a series, their units differ,
/// or the reference names several versions.
pub fn groups(connection: &Connection, caller: &Caller, query: &AccuracyQuery) -> Result<Vec<Group>> {
    let owned = owners(connection, caller, &scopes(connection, query)?)?;
    let stage = query.stage.as_ref();
    let selected = verify::series_in(connection, &owned, &query.metric, stage, None)?;
    let asked: HashSet<i64> = selected.iter().map(|row| row.id).collect();
    let mut rows = selected;
    if matches!(&query.reference, Some((Reference::Version { .. }, _))) || query.truth_source.is_some() {
        rows = with_neighbours(connection, query, rows)?;
    }
    let mut places: BTreeMap<String, Vec<SeriesRow>> = BTreeMap::new();
    for row in rows {
        places.entry(place(&row.series)).or_default().push(row);
    }
    let (mut roles, mut found) = (HashMap::new(), Vec::new());
    for (key, mut rows) in places {
        rows.sort_by_key(|row| order(&row.series, row.id));
        let is_scored = |row: &SeriesRow| asked.contains(&row.id) && matches(query, &row.series);
        let mut group = Group {
            key,
            members: Vec::with_capacity(rows.len()),
            truths: Vec::new(),
            lacks_a_version: false,
        };
        for row in rows {
            let role = role_of(connection, &row.series, &mut roles)?;
            group.members.push(Member {
                is_scored: is_scored(&row),
                truth: None,
                reference: None,
                interval: role
                    .as_ref()
                    .and_then(|role| Interval::of(role.interval, role.label, role.method)),
                classes: role.and_then(|role| role.classes),
                row,
            });
        }
        if group.scored().next().is_none() {
            continue;
        }
        group.lacks_a_version = query.source_versions.iter().any(|version| {
            let has = |member: &Member| member.is_scored && is_version(&member.row.series, version);
            !group.members.iter().any(has)
        });
        complete(connection, caller, query, &mut group)?;
        found.push(group);
    }
    Ok(found)
}

/// Returns the jobs, locations or sources that the query selects.
///
/// # Errors
/// Bad parameter: there is no source of a name.
fn scopes(connection: &Connection, query: &AccuracyQuery) -> Result<Vec<PredictionScope>> {
    if !query.scopes.is_empty() {
        return Ok(query.scopes.clone());
    }
    let scope = |named: &String| {
        let id = match Uuid::parse_str(named) {
            Ok(id) => Some(id),
            Err(_) => store::source::find_named(connection, &Name::new(named))?.map(|source| source.id),
        };
        let unknown = || Error::bad_parameter("source", format!("names no source that this token may see: {named}"));
        id.map(PredictionScope::Source).ok_or_else(unknown)
    };
    query.sources.iter().map(scope).collect()
}

/// Returns the series and those of the same metric at their locations, which may be the truth or the reference.
fn with_neighbours(connection: &Connection, query: &AccuracyQuery, mut rows: Vec<SeriesRow>) -> Result<Vec<SeriesRow>> {
    let places: HashSet<(Uuid, Uuid)> = rows
        .iter()
        .filter_map(|row| Some((row.series.location_id?, row.series.organisation_id)))
        .collect();
    let scope = |(location, organisation_id)| OwnedScope {
        scope: PredictionScope::Location(location),
        organisation_id,
    };
    let scopes: Vec<_> = places.into_iter().map(scope).collect();
    let known: HashSet<i64> = rows.iter().map(|row| row.id).collect();
    let near = verify::series_in(connection, &scopes, &query.metric, None, None)?;
    rows.extend(near.into_iter().filter(|row| !known.contains(&row.id)));
    Ok(rows)
}

/// Finds the truth and the reference of each scored series of a group.
fn complete(connection: &Connection, caller: &Caller, query: &AccuracyQuery, group: &mut Group) -> Result<()> {
    for index in group.scored().collect::<Vec<_>>() {
        let series = group.members[index].row.series.clone();
        let found = match query.truth {
            TruthKind::Readings => truth::sensor(connection, caller, query, &series)?
                .map(|sensor| truth::check(sensor, &series, group.members[index].interval))
                .transpose()?
                .map(TruthOf::Sensor),
            TruthKind::Analysis => Some(TruthOf::Analysis(analyses(query, group, &series))),
        };
        group.members[index].truth = found.map(|found| {
            let known = group.truths.iter().position(|other| *other == found);
            known.unwrap_or_else(|| {
                group.truths.push(found);
                group.truths.len() - 1
            })
        });
        if let Some((Reference::Version { source, version }, _)) = &query.reference {
            group.members[index].reference = reference(group, &series, source, version.as_deref())?;
        }
    }
    Ok(())
}

/// Returns the indexes of the series whose analyses are the truth of a series: those of the same source, or of the named
/// one, of the same stage and job, on the track `main`.
fn analyses(query: &AccuracyQuery, group: &Group, of: &Series) -> Vec<usize> {
    let is_truth = |other: &Series| {
        let is_source = match &query.truth_source {
            Some(named) => is_source(other, named),
            None => other.source_id == of.source_id && other.job_id == of.job_id,
        };
        is_source && other.track == Track::Main && other.stage == of.stage
    };
    let members = group.members.iter().enumerate();
    members
        .filter(|(_, member)| is_truth(&member.row.series))
        .map(|(index, _)| index)
        .collect()
}

/// Returns the index of the series that is the reference of a series: of the same stage, preferably of the same job, and
/// preferably on the track `main`.
///
/// # Errors
/// Bad parameter: the reference names no version, and several have predictions.
fn reference(group: &Group, of: &Series, source: &str, version: Option<&str>) -> Result<Option<usize>> {
    let is_named = |series: &Series| {
        let is_version = version.is_none_or(|version| is_version(series, version));
        is_source(series, source) && is_version && series.stage == of.stage
    };
    let members = group.members.iter().enumerate();
    let mut found: Vec<_> = members.filter(|(_, member)| is_named(&member.row.series)).collect();
    let versions: HashSet<_> = found
        .iter()
        .map(|(_, member)| member.row.series.source_version_id)
        .collect();
    if versions.len() > 1 && version.is_none() {
        let mut labels: Vec<_> = found
            .iter()
            .map(|(_, member)| format!("{source}@{}", member.row.series.version_label))
            .collect();
        labels.dedup();
        let detail = format!(
            "names a source with several versions: give one of {}",
            labels.join(", ")
        );
        return Err(Error::bad_parameter("reference", detail));
    }
    found.sort_by_key(|(_, member)| {
        let series = &member.row.series;
        (series.job_id != of.job_id, series.track)
    });
    Ok(found.first().map(|(index, _)| *index))
}

/// Returns the key of the group that a series belongs to.
fn place(series: &Series) -> String {
    match (series.location_id, series.job_id) {
        (Some(location), _) => format!("location {location}"),
        (None, Some(job)) => format!("job {job}"),
        (None, None) => format!("source {}", series.source_id),
    }
}

fn order(series: &Series, id: i64) -> impl Ord + use<> {
    (
        series.source_name.to_string(),
        series.version_label.to_string(),
        series.stage.as_ref().map(ToString::to_string),
        series.track,
        series.job_id,
        id,
    )
}

fn matches(query: &AccuracyQuery, series: &Series) -> bool {
    let any = |list: &[String], is: &dyn Fn(&str) -> bool| list.is_empty() || list.iter().any(|named| is(named));
    any(&query.sources, &|named| is_source(series, named))
        && any(&query.source_versions, &|named| is_version(series, named))
        && query.tracks.only().is_none_or(|track| series.track == track)
}

fn is_source(series: &Series, named: &str) -> bool {
    series.source_name.as_str() == named || is_id(series.source_id, named)
}

fn is_version(series: &Series, named: &str) -> bool {
    series.version_label.as_str() == named || is_id(series.source_version_id, named)
}

fn is_id(id: Uuid, named: &str) -> bool {
    Uuid::parse_str(named).is_ok_and(|named| named == id)
}

/// Returns the output role that a series is of. `None` if its version was deleted.
fn role_of(
    connection: &Connection,
    series: &Series,
    known: &mut HashMap<Uuid, Vec<OutputRole>>,
) -> Result<Option<OutputRole>> {
    let id = series.source_version_id;
    let roles = match known.entry(id) {
        Entry::Occupied(found) => found.into_mut(),
        Entry::Vacant(place) => {
            let version = store::source_version::find(connection, id)?;
            place.insert(version.map_or_else(Vec::new, |version| version.output_roles))
        }
    };
    Ok(roles.iter().find(|role| role.metric == series.metric).cloned())
}
