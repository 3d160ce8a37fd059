//! Posts of predictions without a job. Each point names its source and its location.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use uuid::Uuid;

use super::arrived::Arrived;
use crate::{
    domain::{
        Caller, Error, Gaps, Result, Role, Timestamp, Violations,
        audit::withdrawal,
        contract::OutputRole,
        prediction::{DirectKey, DirectPoint, Issue, PostedRun, PredictionCounts, Series, direct_runs, join},
        source::Source,
        source_version::SourceVersion,
        text::{Name, Stage},
        track::Track,
    },
    service::{
        App,
        alert::{self, OfSources},
        audit, counters,
    },
    store::{
        self,
        alert::WatchedAlert,
        engine::Transaction,
        prediction::{self, NewRun},
    },
};

/// Stores a part of a longer stream of points, in one transaction. `first` is the number of the part's first point
/// within the stream, counted from 0. If any point of the part is refused, no point of the part is stored. Requires the
/// role worker.
///
/// # Errors
/// Invalid: the points break a rule. Each violation names the number of its point within the stream.
pub async fn post_lines(
    app: &App,
    caller: &Caller,
    points: Vec<DirectPoint>,
    first: usize,
    gaps: Gaps,
) -> Result<PredictionCounts> {
    caller.needs(Role::Worker)?;
    let counts = post(app, caller, points, first, gaps).await?;
    counters::count_predictions(&counts.counts);
    Ok(counts)
}

/// Key of a run: the properties that all points of one forecast run share.
#[derive(Clone, PartialEq, Eq, Hash)]
struct RunKey {
    source_version_id: Uuid,
    metric: Name,
    location_id: Uuid,
    issue_time: Timestamp,
    stage: Option<Stage>,
    track: Track,
}

pub(super) async fn post(
    app: &App,
    caller: &Caller,
    points: Vec<DirectPoint>,
    first: usize,
    gaps: Gaps,
) -> Result<PredictionCounts> {
    let runs = direct_runs(points, first)?;
    let (caller, clock) = (caller.clone(), app.watch.clone());
    let alerts_of_sources = app.alerts.clone();
    app.write_values(move |tx, now| {
        let arrived = Arrived::at(tx, now, &clock)?;
        let mut catalogue = Catalogue::new(tx, &caller);
        let (mut counts, mut violations) = (PredictionCounts::default(), Violations::default());
        let mut withdrawn = BTreeMap::new();
        let runs = resolve(&mut catalogue, runs, arrived)?;
        let mut new = Vec::with_capacity(runs.len());
        for run in &runs {
            let issue = Issue {
                issue_time: run.key.issue_time,
                available_at: arrived.stamp,
            };
            let series = catalogue.series(run.key.clone()).ok_or_else(|| {
                let version = run.key.source_version_id;
                Error::Internal(format!("the version {version} was resolved and is not known"))
            })?;
            new.push(NewRun {
                series,
                issue,
                points: &run.points,
                spread: run.spread.as_ref().map(|spread| &spread.numbers),
            });
        }
        let watched = watching(tx, &alerts_of_sources, &new, now)?;
        let about_alerts = new.iter().filter(|run| run.series.track == Track::Main);
        let about_alerts = about_alerts.map(|run| alert::PostedRun {
            series: &run.series,
            issue_time: run.issue.issue_time,
            points: run.points,
            spread: run.spread,
        });
        let alerts = alert::Post::begin(tx, &watched, None, about_alerts.collect(), now)?;
        let posted = prediction::post(tx, &new, None, gaps, now, None)?;
        alerts.end(tx, &posted)?;
        for (run, posted) in runs.iter().zip(posted) {
            run.refuse_values(&posted.refused, Gaps::NOTHING_THERE, &mut violations);
            counts += &posted;
            if posted.counts.withdrawn > 0 {
                *withdrawn.entry(run.key.location_id).or_default() += posted.counts.withdrawn;
            }
        }
        violations.into_result()?;
        for (id, count) in withdrawn {
            if let Some(location) = store::location::find(tx, id)? {
                audit::by(tx, &caller, now).withdrawn(&location, withdrawal(count, []))?;
            }
        }
        Ok(counts)
    })
    .await
}

/// Returns the alerts that watch the sources of the runs on the main track.
fn watching(tx: &Transaction<'_>, cache: &OfSources, runs: &[NewRun<'_>], now: Timestamp) -> Result<Vec<WatchedAlert>> {
    let main = runs.iter().filter(|run| run.series.track == Track::Main);
    let sources: BTreeSet<_> = main
        .map(|run| (run.series.source_id, run.series.organisation_id))
        .collect();
    let mut found = Vec::new();
    for (source_id, organisation_id) in sources {
        let read = || store::alert::of_source(tx, source_id, organisation_id).map(Arc::from);
        found.extend_from_slice(&cache.get((source_id, organisation_id), now, read)?);
    }
    Ok(found)
}

fn resolve(
    catalogue: &mut Catalogue<'_>,
    runs: Vec<PostedRun<DirectKey>>,
    arrived: Arrived,
) -> Result<Vec<PostedRun<RunKey>>> {
    let mut violations = Violations::default();
    let mut resolved = Vec::with_capacity(runs.len());
    for run in runs {
        if let Some(detail) = arrived.too_far_ahead(run.key.issue_time) {
            run.refuse("issue_time", &detail, &mut violations);
        }
        match catalogue.resolve(&run.key, arrived.issue_time)? {
            Ok(key) => {
                let declared = catalogue.output(&key).and_then(OutputRole::spread);
                run.check_spread(declared.as_ref(), &mut violations);
                resolved.push(run.of(key));
            }
            Err((member, detail)) => run.refuse(member, &detail, &mut violations),
        }
        if violations.is_full() {
            break;
        }
    }
    let joined = join(resolved, &mut violations);
    violations.into_result()?;
    Ok(joined)
}

/// Name of the JSON member of a point that is wrong, and the reason.
type Refusal = (&'static str, String);

/// Cache of the resources that the posted points name, so that each resource is read once per post.
struct Catalogue<'a> {
    tx: &'a Transaction<'a>,
    caller: &'a Caller,
    /// Organisation of each location, by the location's id. `None` if the caller cannot see the location.
    locations: HashMap<Uuid, Option<Uuid>>,
    sources: HashMap<Name, Option<Source>>,
    /// Id of each version, by the source's id and the version's label or id. The value is `None` if there is no such
    /// version.
    versions: HashMap<(Uuid, Name), Option<Uuid>>,
    /// Id of the version that is used if none is named, by the organisation and the source.
    defaults: HashMap<(Uuid, Uuid), Option<Uuid>>,
    /// Ids of the versions that jobs use, newest first, by the organisation of the jobs and the source.
    in_use: HashMap<(Uuid, Uuid), Vec<Uuid>>,
    known: HashMap<Uuid, (Source, SourceVersion)>,
}

impl<'a> Catalogue<'a> {
    fn new(tx: &'a Transaction<'a>, caller: &'a Caller) -> Self {
        Self {
            tx,
            caller,
            locations: HashMap::new(),
            sources: HashMap::new(),
            versions: HashMap::new(),
            defaults: HashMap::new(),
            in_use: HashMap::new(),
            known: HashMap::new(),
        }
    }

    fn resolve(&mut self, key: &DirectKey, now: Timestamp) -> Result<std::result::Result<RunKey, Refusal>> {
        let Some(owner) = self.owner(key.location_id)? else {
            let id = key.location_id;
            let detail = format!("there is no location {id}, or this token may not see it");
            return Ok(Err(("location_id", detail)));
        };
        let Some(source) = self.source(&key.source, owner)? else {
            let detail = format!("the location's organisation has no source {}", key.source);
            return Ok(Err(("source", detail)));
        };
        let version = match &key.source_version {
            Some(named) => self.version(source, named)?,
            None => self.default_version(owner, source)?,
        };
        let Some(version) = version else {
            let detail = match &key.source_version {
                Some(label) => format!("the source has no version {label}"),
                None => "the source has no version yet: publish one".to_owned(),
            };
            return Ok(Err(("source_version", detail)));
        };
        let mut rule = self.track(owner, version)?;
        let (source, version) = &self.known[&version];
        if output(version, &key.metric).is_none() {
            let known: Vec<_> = version.output_roles.iter().map(|o| o.metric.as_str()).collect();
            let known = known.join(", ");
            let detail = format!("is not an output metric of the source's version, which has: {known}");
            return Ok(Err(("metric", detail)));
        }
        let mut run = RunKey {
            source_version_id: version.id,
            metric: key.metric.clone(),
            location_id: key.location_id,
            issue_time: key.issue_time.unwrap_or(now),
            stage: key.stage.clone(),
            track: Track::Main,
        };
        // An issue that was posted on the track main before the version was on trial is corrected there.
        if rule == Track::Shadow && key.track != Some(Track::Shadow) && self.has_issue(&run)? {
            rule = Track::Main;
        }
        if (key.track, rule) == (Some(Track::Main), Track::Shadow) {
            let reason = match source.direct_track {
                Some(_) => "the source's direct_track is shadow: leave track out, or change direct_track".to_owned(),
                None => format!(
                    "the version {} is on trial, since no job of the organisation uses it: leave track out, or set the \
                     source's direct_track",
                    version.version
                ),
            };
            let detail = format!("is main, but {reason}");
            return Ok(Err(("track", detail)));
        }
        run.track = key.track.unwrap_or(rule);
        Ok(Ok(run))
    }

    /// Returns whether the issue of a run is stored already.
    fn has_issue(&self, run: &RunKey) -> Result<bool> {
        match self.series(run.clone()) {
            Some(series) => prediction::has_issue(self.tx, &series, run.issue_time),
            None => Ok(false),
        }
    }

    /// Returns the series of a run. Returns `None` unless the version and the location of the run were resolved before.
    fn series(&self, key: RunKey) -> Option<Series> {
        let role = self.output(&key)?;
        let (source, version) = self.known.get(&key.source_version_id)?;
        let owner = self.locations.get(&key.location_id)?;
        Some(Series {
            organisation_id: (*owner)?,
            source_id: source.id,
            source_version_id: version.id,
            job_id: None,
            location_id: Some(key.location_id),
            unit: role.unit.clone(),
            spread: role.spread(),
            metric: key.metric,
            stage: key.stage,
            track: key.track,
            source_name: source.name.clone(),
            version_label: version.version.clone(),
            retention_hours: source.retention_hours,
        })
    }

    /// Returns the output role of a run, whose version was resolved before.
    fn output(&self, key: &RunKey) -> Option<&OutputRole> {
        let (_, version) = self.known.get(&key.source_version_id)?;
        output(version, &key.metric)
    }

    /// Returns the organisation of a location. Returns `None` if the location does not exist or the caller cannot see
    /// it.
    fn owner(&mut self, id: Uuid) -> Result<Option<Uuid>> {
        if let Some(known) = self.locations.get(&id) {
            return Ok(*known);
        }
        let found = store::location::find(self.tx, id)?.map(|location| location.organisation_id);
        let visible = found.filter(|owner| self.caller.sees(Some(*owner)));
        self.locations.insert(id, visible);
        Ok(visible)
    }

    /// Returns the id of the source with this name or id. Returns `None` unless the source belongs to the organisation
    /// `owner` or is shared.
    fn source(&mut self, named: &Name, owner: Uuid) -> Result<Option<Uuid>> {
        if !self.sources.contains_key(named) {
            let found = match Uuid::parse_str(named.as_str()) {
                Ok(id) => store::source::find(self.tx, id)?,
                Err(_) => None,
            };
            let found = match found {
                Some(found) => Some(found),
                None => store::source::find_named(self.tx, named)?,
            };
            self.sources.insert(named.clone(), found);
        }
        let found = self.sources.get(named).and_then(Option::as_ref);
        let usable = found.filter(|source| source.organisation_id.is_none_or(|of| of == owner));
        Ok(usable.map(|source| source.id))
    }

    /// Returns the id of the source's version with this label or id. Returns `None` if there is no such version.
    fn version(&mut self, source: Uuid, named: &Name) -> Result<Option<Uuid>> {
        let key = (source, named.clone());
        if let Some(known) = self.versions.get(&key) {
            return Ok(*known);
        }
        let found = match store::source_version::find_labelled(self.tx, source, named)? {
            Some(found) => Some(found),
            None => match Uuid::parse_str(named.as_str()) {
                Ok(id) => store::source_version::find(self.tx, id)?.filter(|version| version.source_id == source),
                Err(_) => None,
            },
        };
        let id = found.map(|version| self.know(version));
        self.versions.insert(key, id);
        Ok(id)
    }

    /// Returns the id of the version that points without a version are of: the newest that a job of the organisation
    /// uses, so that a version which is published for a trial changes nothing; or the newest of all if none does.
    /// Returns `None` if the source has no version.
    fn default_version(&mut self, owner: Uuid, source: Uuid) -> Result<Option<Uuid>> {
        if let Some(known) = self.defaults.get(&(owner, source)) {
            return Ok(*known);
        }
        let found = match self.in_use(owner, source)?.first().copied() {
            Some(used) => store::source_version::find(self.tx, used)?,
            None => store::source_version::newest(self.tx, source)?,
        };
        let id = found.map(|version| self.know(version));
        self.defaults.insert((owner, source), id);
        Ok(id)
    }

    /// Returns the track of points of a version that name none: that of the source, if it has one. Otherwise a version
    /// that no job of the organisation uses is on trial, unless no job uses any version of the source.
    fn track(&mut self, owner: Uuid, version: Uuid) -> Result<Track> {
        let (source, said) = match self.known.get(&version) {
            Some((source, _)) => (source.id, source.direct_track),
            None => return Ok(Track::Main),
        };
        if let Some(said) = said {
            return Ok(said);
        }
        let used = self.in_use(owner, source)?;
        let is_main = used.is_empty() || used.contains(&version);
        Ok(if is_main { Track::Main } else { Track::Shadow })
    }

    /// Returns the ids of the source's versions that jobs of the organisation use, newest first.
    fn in_use(&mut self, owner: Uuid, source: Uuid) -> Result<&[Uuid]> {
        let key = (owner, source);
        if !self.in_use.contains_key(&key) {
            let found = store::source_version::in_use(self.tx, source, owner)?;
            self.in_use.insert(key, found);
        }
        Ok(self.in_use.get(&key).map_or(&[], Vec::as_slice))
    }

    fn know(&mut self, version: SourceVersion) -> Uuid {
        let id = version.id;
        let of = self
            .sources
            .values()
            .flatten()
            .find(|known| known.id == version.source_id);
        if let Some(source) = of {
            self.known.insert(id, (source.clone(), version));
        }
        id
    }
}

fn output<'a>(version: &'a SourceVersion, metric: &Name) -> Option<&'a OutputRole> {
    version.output_roles.iter().find(|output| output.metric == *metric)
}
