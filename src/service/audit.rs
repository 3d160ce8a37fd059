//! The audit trail. What changes the catalogue notes here, in the same transaction, who did it; managers read what concerns
//! their organisation, admins all.

use std::time::Instant;

use serde::Serialize;
use uuid::Uuid;

use super::{App, throttle::Pace};
use crate::{
    domain::{
        Caller, Result, Role, Timestamp,
        audit::{AuditAction, AuditEntry, AuditFilter, AuditKind, AuditPage, Changes, changes, hidden},
        job::JobRecord,
        location::Location,
        organisation::Organisation,
        page::Listed,
        sensor::Sensor,
        source::Source,
        source_version::SourceVersion,
        text::Name,
        token::Token,
        webhook::Webhook,
    },
    store::{
        self, audit,
        engine::{Connection, Transaction},
    },
};

/// How many entries are deleted in one step.
const STEP: u32 = 500;

/// The entries that the caller may see (managers: of their organisation), newest first.
pub async fn list(app: &App, caller: &Caller, mut filter: AuditFilter, page: AuditPage) -> Result<Listed<AuditEntry>> {
    caller.needs(Role::Manager)?;
    filter.organisation_id = caller.scope(filter.organisation_id)?;
    let own = caller.organisation_id;
    app.read_blocking(move |connection, _| {
        // What another organisation did that had the id before is not theirs.
        if let Some(own) = own
            && let Some(organisation) = store::organisation::find(connection, own)?
        {
            filter.from = filter.from.max(Some(organisation.created_at));
        }
        audit::list(connection, &filter, page)
    })
    .await
}

/// How many entries are older than so many days at `now`.
pub async fn expired(app: &App, now: Timestamp, days: u64) -> Result<u64> {
    app.read_unmapped(move |connection, _| audit::count(connection, end(now, days)))
        .await
}

/// Deletes the entries that are older than so many days at `now`, which the caller trusts, in small steps, and says how many it was.
///
/// # Errors
/// Busy, if too many others are waiting to write; unavailable, if the database cannot be written.
pub async fn sweep(app: &App, now: Timestamp, days: u64, pace: Pace) -> Result<u64> {
    let mut deleted = 0;
    // Mostly there is nothing to do, and then nothing is written.
    if expired(app, now, days).await? == 0 {
        return Ok(deleted);
    }
    loop {
        let begun = Instant::now();
        let step = app
            .delete_values(move |tx, _| audit::sweep(tx, end(now, days), STEP))
            .await?;
        deleted += step;
        if step < u64::from(STEP) {
            return Ok(deleted);
        }
        pace.rest(begun).await;
    }
}

fn end(now: Timestamp, days: u64) -> Timestamp {
    let hours = i64::try_from(days).unwrap_or(i64::MAX).saturating_mul(24);
    now.plus_hours(-hours)
}

/// A thing whose making, changing and deleting is noted.
pub(super) trait Audited {
    /// What it is.
    const KIND: AuditKind;
    /// Its id.
    fn id(&self) -> Uuid;
    /// Its name.
    fn name(&self) -> &Name;
    /// The organisation that it belongs to.
    fn owner(&self, connection: &Connection) -> Result<Option<Uuid>>;
}

macro_rules! audited {
    ($($type:ty, $kind:ident, $name:ident, $owner:expr;)*) => {$(
        impl Audited for $type {
            const KIND: AuditKind = AuditKind::$kind;
            fn id(&self) -> Uuid { self.id }
            fn name(&self) -> &Name { &self.$name }
            fn owner(&self, connection: &Connection) -> Result<Option<Uuid>> {
                let owner: fn(&Self, &Connection) -> Result<Option<Uuid>> = $owner;
                owner(self, connection)
            }
        }
    )*};
}

audited! {
    Organisation, Organisation, name, |own, _| Ok(Some(own.id));
    Token, Token, name, |own, _| Ok(own.organisation_id);
    Location, Location, name, |own, _| Ok(Some(own.organisation_id));
    Sensor, Sensor, name, |own, _| Ok(Some(own.organisation_id));
    Source, Source, name, |own, _| Ok(own.organisation_id);
    SourceVersion, SourceVersion, version, |own, connection| {
        let source = store::source::find(connection, own.source_id)?;
        Ok(source.and_then(|source| source.organisation_id))
    };
    JobRecord, Job, name, |own, _| Ok(Some(own.organisation_id));
    Webhook, Webhook, name, |own, _| Ok(own.organisation_id);
}

/// The place of an entry in the trail: its time, and its position among those of the same time.
pub(super) type Place = (Timestamp, i64);

/// Notes what a call that works in steps has done so far: in its entry if it has one, or else by `note`, which makes one.
pub(super) fn once(
    tx: &Transaction<'_>,
    entry: Option<Place>,
    what: Changes,
    note: impl FnOnce(Changes) -> Result<Place>,
) -> Result<Option<Place>> {
    match entry {
        Some(place) => audit::amend(tx, place, &what)?,
        None => return note(what).map(Some),
    }
    Ok(entry)
}

/// Who does something, and when.
#[derive(Clone, Copy)]
pub(super) struct By<'a> {
    tx: &'a Transaction<'a>,
    caller: &'a Caller,
    now: Timestamp,
}

/// The trail of what the caller does in this transaction.
pub(super) fn by<'a>(tx: &'a Transaction<'a>, caller: &'a Caller, now: Timestamp) -> By<'a> {
    By { tx, caller, now }
}

impl By<'_> {
    /// Notes that it was made.
    pub fn created<T: Audited>(self, made: &T) -> Result<()> {
        self.note(AuditAction::Created, made, None).map(drop)
    }

    /// Notes what was changed, if anything was.
    pub fn changed<T: Audited + Serialize>(self, before: &T, after: &T) -> Result<()> {
        self.changed_with(before, after, None)
    }

    /// The same, where the field `secret` was changed too, if it is given: its value is nobody's.
    pub fn changed_with<T: Audited + Serialize>(self, before: &T, after: &T, secret: Option<&str>) -> Result<()> {
        let mut changes = changes(before, after);
        changes.extend(secret.map(hidden));
        if changes.is_empty() {
            return Ok(());
        }
        self.note(AuditAction::Changed, after, Some(changes)).map(drop)
    }

    /// Notes that it is deleted; called before it is.
    pub fn deleted<T: Audited>(self, gone: &T) -> Result<()> {
        self.note(AuditAction::Deleted, gone, None).map(drop)
    }

    /// The same for what goes with its organisation.
    pub fn deleted_with(self, owner: Uuid, (kind, id, name): (AuditKind, Uuid, Name)) -> Result<()> {
        let action = AuditAction::Deleted;
        audit::insert(self.tx, &self.entry(action, kind, id, name, Some(owner))).map(drop)
    }

    /// Notes that values of it were withdrawn, and returns the entry's place.
    pub fn withdrawn<T: Audited>(self, of: &T, what: Changes) -> Result<Place> {
        self.note(AuditAction::Withdrawn, of, Some(what))
    }

    /// The same for predictions of a job that is gone, whose name is not known any more.
    pub fn withdrawn_of_gone(self, owner: Uuid, job_id: Uuid, what: Changes) -> Result<Place> {
        let name = Name::new(job_id.to_string());
        let action = AuditAction::Withdrawn;
        let entry = self.entry(action, AuditKind::Job, job_id, name, Some(owner));
        let changes = Some(what);
        audit::insert(self.tx, &AuditEntry { changes, ..entry })
    }

    fn note<T: Audited>(self, action: AuditAction, thing: &T, changes: Option<Changes>) -> Result<Place> {
        let owner = thing.owner(self.tx)?;
        let entry = self.entry(action, T::KIND, thing.id(), thing.name().clone(), owner);
        audit::insert(self.tx, &AuditEntry { changes, ..entry })
    }

    fn entry(
        self,
        action: AuditAction,
        kind: AuditKind,
        id: Uuid,
        name: Name,
        organisation_id: Option<Uuid>,
    ) -> AuditEntry {
        AuditEntry {
            at: self.now,
            action,
            kind,
            id,
            name,
            organisation_id,
            // The command line is no token.
            token_id: Some(self.caller.id).filter(|id| !id.is_nil()),
            token_name: self.caller.name.clone(),
            changes: None,
            position: 0,
        }
    }
}
