//! The audit trail. Each operation that creates, changes or deletes a resource of the catalogue records an entry in the
//! same transaction. The entry of a deletion is recorded before the call of `store`, and every other entry after it.
//!
//! Managers read the entries of their organisation, admins those of all organisations.

use std::time::Instant;

use serde::Serialize;
use uuid::Uuid;

use super::{App, throttle::Pace};
use crate::{
    domain::{
        Caller, Result, Role, Timestamp,
        alert::Alert,
        audit::{AuditAction, AuditEntry, AuditFilter, AuditKind, AuditPage, Changes, changes, hidden},
        feed::Feed,
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

/// Number of audit entries that are deleted in one transaction.
const STEP: u32 = 500;

/// Returns a page of the audit entries that match the filter, newest first. Managers see the entries of their
/// organisation, admins all.
pub async fn list(app: &App, caller: &Caller, mut filter: AuditFilter, page: AuditPage) -> Result<Listed<AuditEntry>> {
    caller.needs(Role::Manager)?;
    filter.organisation_id = caller.scope(filter.organisation_id)?;
    let own = caller.organisation_id;
    app.read_blocking(move |connection, _| {
        // An earlier organisation, since deleted, may have had the same id. Its entries are excluded.
        if let Some(own) = own
            && let Some(organisation) = store::organisation::find(connection, own)?
        {
            filter.from = filter.from.max(Some(organisation.created_at));
        }
        audit::list(connection, &filter, page)
    })
    .await
}

/// Returns the number of audit entries that are older than `days` days at `now`.
pub async fn expired(app: &App, now: Timestamp, days: u64) -> Result<u64> {
    app.read_unmapped(move |connection, _| audit::count(connection, end(now, days)))
        .await
}

/// Deletes the audit entries that are older than `days` days at `now`, in small steps, and returns their number. The
/// caller must have checked that the clock which gave `now` is trusted.
///
/// # Errors
/// Busy, if too many requests are waiting to write. Unavailable, if the database cannot be read or written.
pub async fn sweep(app: &App, now: Timestamp, days: u64, pace: Pace) -> Result<u64> {
    let mut deleted = 0;
    // Usually nothing has expired, and then nothing is written.
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

/// A type of resource whose changes are recorded in the audit trail.
pub(super) trait Audited {
    /// Kind of the resource.
    const KIND: AuditKind;
    /// Returns the id.
    fn id(&self) -> Uuid;
    /// Returns the name.
    fn name(&self) -> &Name;
    /// Returns the organisation that owns the resource. Returns `None` if the resource belongs to no organisation.
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
    Alert, Alert, name, |own, _| Ok(Some(own.organisation_id));
    Feed, Feed, name, |own, _| Ok(Some(own.organisation_id));
}

/// Key of an audit entry: its time, and its position among the entries with the same time.
pub(super) type Place = (Timestamp, i64);

/// Records the progress of an operation that works in several transactions, as a single audit entry. If `entry` names
/// the entry of an earlier step, its changes are replaced by `what`. Otherwise `note` creates the entry from `what`.
/// Returns the key of the entry.
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

/// Recorder of audit entries, with the transaction, the caller and the time that all its entries share.
#[derive(Clone, Copy)]
pub(super) struct By<'a> {
    tx: &'a Transaction<'a>,
    caller: &'a Caller,
    now: Timestamp,
}

/// Returns the recorder for the changes that the caller makes in this transaction.
pub(super) fn by<'a>(tx: &'a Transaction<'a>, caller: &'a Caller, now: Timestamp) -> By<'a> {
    By { tx, caller, now }
}

impl By<'_> {
    /// Records that a resource was created.
    pub fn created<T: Audited>(self, made: &T) -> Result<()> {
        self.note(AuditAction::Created, made, None).map(drop)
    }

    /// Records the fields that differ between `before` and `after`. Records nothing if no field differs.
    pub fn changed<T: Audited + Serialize>(self, before: &T, after: &T) -> Result<()> {
        self.changed_with(before, after, [])
    }

    /// Records the fields that differ between `before` and `after`. `secrets` are the names of other changed fields,
    /// whose values are not recorded. Records nothing if no field changed.
    pub fn changed_with<'a, T: Audited + Serialize>(
        self,
        before: &T,
        after: &T,
        secrets: impl IntoIterator<Item = &'a str>,
    ) -> Result<()> {
        self.changed_and(before, after, secrets.into_iter().map(hidden).collect())
    }

    /// Records the fields that differ between `before` and `after`, and further changes. Records nothing if there are
    /// none.
    pub fn changed_and<T: Audited + Serialize>(self, before: &T, after: &T, more: Changes) -> Result<()> {
        let mut changes = changes(before, after);
        changes.extend(more);
        if changes.is_empty() {
            return Ok(());
        }
        self.note(AuditAction::Changed, after, Some(changes)).map(drop)
    }

    /// Records that a resource is deleted. It must be called before the deletion.
    pub fn deleted<T: Audited>(self, gone: &T) -> Result<()> {
        self.note(AuditAction::Deleted, gone, None).map(drop)
    }

    /// Records that a resource of the organisation `owner` is deleted because the organisation is deleted.
    pub fn deleted_with(self, owner: Uuid, (kind, id, name): (AuditKind, Uuid, Name)) -> Result<()> {
        let action = AuditAction::Deleted;
        audit::insert(self.tx, &self.entry(action, kind, id, name, Some(owner))).map(drop)
    }

    /// Records that values of a resource were withdrawn, and returns the key of the entry. `what` describes the
    /// withdrawn values.
    pub fn withdrawn<T: Audited>(self, of: &T, what: Changes) -> Result<Place> {
        self.note(AuditAction::Withdrawn, of, Some(what))
    }

    /// Records that predictions of a deleted job were withdrawn, and returns the key of the entry. The name of the job
    /// is unknown, so the entry contains the id instead.
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
            // The command line has no token: its caller has the nil id.
            token_id: Some(self.caller.id).filter(|id| !id.is_nil()),
            token_name: self.caller.name.clone(),
            changes: None,
            position: 0,
        }
    }
}
