//! Judging jobs within the transaction of what may change how they do.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;
use uuid::Uuid;

use crate::{
    domain::{
        Result, Timestamp,
        health::{HealthChange, HealthState, Standing, Steadiness, Vitals, latest_given},
        text::Name,
        webhook::{Notice, WebhookEvent},
    },
    service::webhook,
    store::{
        engine::{Connection, Transaction},
        health::{self, Watched},
    },
};

/// A job on its way through a transaction that may change how it does.
struct Judged {
    id: Uuid,
    job: Watched,
    vitals: Vitals,
    /// The standings as they are kept.
    kept: Vec<Standing>,
}

impl Judged {
    /// The job as it is kept; none if it is gone.
    fn read(connection: &Connection, id: Uuid) -> Result<Option<Self>> {
        let Some(job) = health::watched(connection, id)? else {
            return Ok(None);
        };
        let vitals = health::vitals(connection, id)?;
        let kept = vitals.standings.clone();
        Ok(Some(Self { id, job, vitals, kept }))
    }

    /// Judges it at `now`, where what that rests on changed at `from` (if it did), and keeps what differs.
    fn judge(&mut self, tx: &Transaction<'_>, from: Option<Timestamp>, now: Timestamp) -> Result<Vec<HealthChange>> {
        let changes = self.vitals.judge(self.job.watch(), from, now);
        self.keep(tx)?;
        let is_whole = changes.iter().any(|change| change.role.is_none());
        for change in &changes {
            health::record(tx, self.id, change)?;
            let event = match &change.role {
                None => WebhookEvent::of(change.previous, change.state),
                Some(role) if !is_whole => self.event_of_target(role, change),
                Some(_) => None,
            };
            if let Some(event) = event {
                self.tell(tx, event, change, now)?;
            }
            if change.role.is_none() && event == Some(WebhookEvent::JobRecovered) {
                self.tell_of_the_rest(tx, now)?;
            }
        }
        Ok(changes)
    }

    /// Tells, behind a job's recovery, of the required targets that are still down.
    fn tell_of_the_rest(&self, tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
        for standing in &self.vitals.standings {
            let Some(role) = &standing.role else { continue };
            let still = HealthChange {
                role: Some(role.clone()),
                previous: standing.state,
                state: standing.state,
                at: standing.since,
                message: None,
            };
            if let Some(event) = self.event_of_target(role, &still) {
                self.tell(tx, event, &still, now)?;
            }
        }
        Ok(())
    }

    /// What is told of a target that changes while the job as a whole stays as it is: that a required one is down though
    /// the job goes on, and that it has recovered. Late alone is not told: workers that post one output after the other
    /// would be, again and again.
    fn event_of_target(&self, role: &Name, change: &HealthChange) -> Option<WebhookEvent> {
        let mut targets = self.job.targets.iter();
        let is_required = targets.any(|target| target.role == *role && target.required);
        let mut standings = self.vitals.standings.iter();
        let goes_on = standings.any(|standing| standing.role.is_none() && standing.state == HealthState::OnTime);
        match (change.previous, change.state) {
            _ if !is_required || !goes_on => None,
            (_, HealthState::Down) => Some(WebhookEvent::JobDown),
            (HealthState::Down, HealthState::OnTime) => Some(WebhookEvent::JobRecovered),
            _ => None,
        }
    }

    /// Tells webhooks of a change.
    fn tell(&self, tx: &Transaction<'_>, event: WebhookEvent, change: &HealthChange, now: Timestamp) -> Result<()> {
        let standings = self.vitals.standings.iter();
        let targets: Vec<_> = standings
            .filter(|standing| standing.role.is_some())
            .map(|standing| json!({ "role": standing.role, "state": standing.state }))
            .collect();
        let mut data = json!({
            "job_id": self.id,
            "job_name": self.job.name,
            "organisation_id": self.job.organisation_id,
            "source_id": self.job.source_id,
            "source_name": self.job.source_name,
            "previous": change.previous,
            "state": change.state,
            "targets": targets,
        });
        if let Some(role) = &change.role {
            data["role"] = json!(role);
        }
        if let Some(message) = &change.message {
            data["message"] = json!(message);
        }
        let notice = Notice {
            organisation_id: self.job.organisation_id,
            job_id: self.id,
            event,
            at: change.at,
            data,
        };
        webhook::tell(tx, &notice, now)
    }

    /// Keeps the standings that differ from what is kept.
    fn keep(&mut self, tx: &Transaction<'_>) -> Result<()> {
        for standing in &self.vitals.standings {
            if !self.kept.contains(standing) {
                health::keep(tx, self.id, standing)?;
            }
        }
        self.kept.clone_from(&self.vitals.standings);
        Ok(())
    }

    /// Has a standing for the job as a whole and for each target that it has now, and for no other.
    fn fit(&mut self, tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
        let targets = self.job.targets.iter().map(|target| &target.role);
        let roles: Vec<_> = std::iter::once(None).chain(targets.map(Some)).collect();
        let standings = &mut self.vitals.standings;
        for gone in standings.extract_if(.., |standing| !roles.contains(&standing.role.as_ref())) {
            if let Some(role) = &gone.role {
                health::forget(tx, self.id, role)?;
            }
        }
        for role in roles {
            let standings = &self.vitals.standings;
            if standings.iter().any(|standing| standing.role.as_ref() == role) {
                continue;
            }
            // A new target is expected since the job is, and is well if its worker said so.
            let whole = standings.iter().find(|standing| standing.role.is_none());
            let mut new = Standing {
                role: role.cloned(),
                ..whole.cloned().unwrap_or_else(|| Standing::new(None, now))
            };
            new.since = now;
            // How a job begins is no change.
            new.look_at = None;
            new.state = self.vitals.begin(self.job.watch(), &new, now);
            self.vitals.standings.push(new);
        }
        Ok(())
    }
}

/// Notes what time alone has changed by `now`. Answers how many changes there were.
pub(super) fn settle(tx: &Transaction<'_>, id: Uuid, now: Timestamp) -> Result<usize> {
    let Some(mut judged) = Judged::read(tx, id)? else {
        return Ok(0);
    };
    Ok(judged.judge(tx, None, now)?.len())
}

/// Puts right what a clock that was ahead has left behind, and judges the job by it. Answers how many changes there were.
pub(super) fn correct(tx: &Transaction<'_>, id: Uuid, now: Timestamp) -> Result<usize> {
    let Some(mut judged) = Judged::read(tx, id)? else {
        return Ok(0);
    };
    let (owner, latest) = (judged.job.organisation_id, latest_given(now));
    health::correct_arrivals(tx, id, owner, latest, now)?;
    judged.vitals.correct(now);
    Ok(judged.judge(tx, None, now)?.len())
}

/// Judges a job of which something changed at `now`, or that is new.
pub fn note(tx: &Transaction<'_>, id: Uuid, now: Timestamp) -> Result<()> {
    let Some(mut judged) = Judged::read(tx, id)? else {
        return Ok(());
    };
    judged.fit(tx, now)?;
    judged.judge(tx, Some(now), now)?;
    Ok(())
}

/// Makes a change that the health of jobs rests on: what time has brought by then is noted before it, and what the change
/// brings after it.
pub fn around<T>(tx: &Transaction<'_>, jobs: &[Uuid], now: Timestamp, make: impl FnOnce() -> Result<T>) -> Result<T> {
    for id in jobs {
        settle(tx, *id, now)?;
    }
    let made = make()?;
    for id in jobs {
        note(tx, *id, now)?;
    }
    Ok(made)
}

/// Changes what is kept of a job and of each of its targets.
pub fn change(tx: &Transaction<'_>, id: Uuid, make: impl FnMut(&mut Standing)) -> Result<()> {
    let Some(mut judged) = Judged::read(tx, id)? else {
        return Ok(());
    };
    judged.vitals.standings.iter_mut().for_each(make);
    judged.keep(tx)
}

/// Expects the posts of a job that is active again from `now` on: while it was paused, none were.
pub fn resume(tx: &Transaction<'_>, id: Uuid, now: Timestamp) -> Result<()> {
    change(tx, id, |standing| standing.watched_from = now)
}

/// What no post changes about how a job does. Known between posts, so that most of them look at no health at all.
#[derive(Default)]
pub struct Steady(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// When it was found out: a clock that was set back to before that makes it void.
    from: Option<Timestamp>,
    steadiness: Steadiness,
}

impl Steady {
    /// Whether a post of these roles changes nothing at `now`.
    fn holds(&self, posted: &[&Name], now: Timestamp) -> bool {
        let Known { from, steadiness } = &*self.known();
        let is_known = from.is_some_and(|from| from <= now);
        is_known && is_steady(steadiness, posted, now)
    }

    fn keep(&self, steadiness: Steadiness, now: Timestamp) {
        *self.known() = Known {
            from: Some(now),
            steadiness,
        };
    }

    /// Knows nothing any more: something else than a post has changed how the job does.
    pub fn forget(&self) {
        *self.known() = Known::default();
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_steady(steadiness: &Steadiness, posted: &[&Name], now: Timestamp) -> bool {
    let is_open = |role: &&Name| steadiness.open.contains(role);
    steadiness.until.is_some_and(|until| now <= until) && !posted.iter().any(is_open)
}

/// A post for a job, on its way: what it changes is judged behind it.
pub struct Post<'a> {
    steady: &'a Steady,
    posted: Vec<&'a Name>,
    now: Timestamp,
    judged: Option<Judged>,
}

impl<'a> Post<'a> {
    /// Before the post of these output roles: notes what time has brought by `now`, unless the job is steady.
    pub fn begin(
        tx: &Transaction<'_>,
        id: Uuid,
        steady: &'a Steady,
        posted: Vec<&'a Name>,
        now: Timestamp,
    ) -> Result<Self> {
        let mut judged = match steady.holds(&posted, now) {
            true => None,
            false => Judged::read(tx, id)?,
        };
        if let Some(judged) = &mut judged {
            judged.judge(tx, None, now)?;
        }
        Ok(Self {
            steady,
            posted,
            now,
            judged,
        })
    }

    /// After the post: judges what is fresh.
    pub fn end(self, tx: &Transaction<'_>) -> Result<()> {
        let Some(mut judged) = self.judged else {
            return Ok(());
        };
        if !is_steady(&judged.vitals.steadiness(), &self.posted, self.now) {
            let after = health::vitals(tx, judged.id)?;
            let before = std::mem::replace(&mut judged.vitals, after);
            judged.kept.clone_from(&judged.vitals.standings);
            judged.vitals.forgive(judged.job.watch(), &before);
            judged.judge(tx, Some(self.now), self.now)?;
        }
        self.steady.keep(judged.vitals.steadiness(), self.now);
        Ok(())
    }
}
