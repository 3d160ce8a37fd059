//! Operations on alerts.

use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::{
        Result,
        alert::{
            Alert, AlertChange, AlertCreation, AlertEvent, AlertKey, AlertState, AlertStateKind, AlertTrial,
            AlertTrialAnswer,
        },
        text::Stage,
    },
    http::{
        form::{
            answer::{Change, Find, Make, Read},
            auth::{Auth, ManagerAuth},
            body::Body,
            cursor::{decode, default_limit, encode, page, rows},
            list::List,
            reply::{Deleted, Plain},
            rules::{Rules, rules},
            thing::{Created, Found, thing},
        },
        guard::condition::expected,
    },
    service::{
        App,
        alert::{self, StatesPage, StatesQuery},
    },
};

/// Operations on alerts.
pub struct AlertApi(pub App);

thing!(Alert, "/api/v1/alerts");
rules!(AlertChange);

impl Rules for AlertCreation {
    fn apply_rules(&mut self, _app: &App) -> Result<()> {
        self.clone().check().map(drop)
    }
}

impl Rules for AlertTrial {
    fn apply_rules(&mut self, _app: &App) -> Result<()> {
        self.clone().alert().check().map(drop)
    }
}

/// Content of the cursor of a list of states: the last state of the page before.
#[derive(Serialize, Deserialize)]
struct Cursor {
    alert_id: Uuid,
    job_id: Option<Uuid>,
    location_id: Option<Uuid>,
    stage: Option<Stage>,
}

fn after(cursor: Cursor) -> (Uuid, AlertKey) {
    let key = AlertKey {
        job_id: cursor.job_id,
        location_id: cursor.location_id,
        stage: cursor.stage,
    };
    (cursor.alert_id, key)
}

fn listed(found: StatesPage) -> List<AlertState> {
    let next = found.next.map(|(alert_id, key)| {
        encode(&Cursor {
            alert_id,
            job_id: key.job_id,
            location_id: key.location_id,
            stage: key.stage,
        })
    });
    List::part(found.states, next)
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Alerts")]
impl AlertApi {
    /// Create an alert
    ///
    /// Creates an alert, and judges it at once by the newest issue of each job, location and stage that it watches. From
    /// now on, each post of predictions and the passing of time may raise and clear it, which webhooks are sent messages
    /// about. Needs: manager.
    #[oai(path = "/alerts", method = "post", operation_id = "create_alert")]
    async fn create(&self, auth: ManagerAuth, body: Body<AlertCreation>) -> Make<Created<Alert>> {
        Ok(Created(alert::create(&self.0, &auth.0, body.0).await?))
    }

    /// List alerts
    ///
    /// Returns the organisation's alerts, and all for an admin. Needs: any token.
    #[oai(path = "/alerts", method = "get", operation_id = "list_alerts")]
    async fn list(
        &self,
        auth: Auth,
        /// Filter by organisation.
        organisation_id: Query<Option<Uuid>>,
        /// Filter by the job that is watched, by an alert of the job or of its source.
        job_id: Query<Option<Uuid>>,
        /// Filter by name.
        name: Query<Option<String>>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Read<List<Alert>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = alert::list(&self.0, &auth.0, organisation_id.0, job_id.0, name.0, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Try an alert
    ///
    /// Returns what an alert would have said about the predictions that have arrived, each judged at its arrival, and
    /// stores nothing. Needs: manager.
    #[oai(path = "/alerts/try", method = "post", operation_id = "try_alert")]
    async fn attempt(&self, auth: ManagerAuth, body: Body<AlertTrial>) -> Read<Plain<AlertTrialAnswer>> {
        Ok(Plain(alert::attempt(&self.0, &auth.0, body.0).await?))
    }

    /// Get an alert
    ///
    /// Returns the alert with its ETag, for `If-Match`. Needs: any token of its organisation.
    #[oai(path = "/alerts/:id", method = "get", operation_id = "get_alert")]
    async fn get(
        &self,
        auth: Auth,
        /// The alert's id.
        id: Path<Uuid>,
    ) -> Find<Found<Alert>> {
        Ok(Found(alert::get(&self.0, &auth.0, id.0)?))
    }

    /// Change an alert
    ///
    /// Changes the fields that the body names, and judges the alert again by its new rule. The predictions that it
    /// watches cannot be changed. Needs: manager.
    #[oai(path = "/alerts/:id", method = "put", operation_id = "update_alert")]
    async fn update(
        &self,
        auth: ManagerAuth,
        /// The alert's id.
        id: Path<Uuid>,
        /// The ETag of the state to change. If absent, any state is changed.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Body<AlertChange>,
    ) -> Change<Found<Alert>> {
        let expected = expected(if_match.0.as_deref());
        Ok(Found(alert::update(&self.0, &auth.0, id.0, expected, body.0).await?))
    }

    /// Delete an alert
    ///
    /// Deletes the alert with its states and transitions. No message is sent. Needs: manager.
    #[oai(path = "/alerts/:id", method = "delete", operation_id = "delete_alert")]
    async fn delete(
        &self,
        auth: Auth,
        /// The alert's id.
        id: Path<Uuid>,
        /// The ETag of the state to delete. If absent, any state is deleted.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Change<Deleted> {
        let expected = expected(if_match.0.as_deref());
        alert::delete(&self.0, &auth.0, id.0, expected).await?;
        Ok(Deleted)
    }

    /// List the states of an alert
    ///
    /// Returns the state of the alert for each job, location and stage that it was judged for, with facts about the
    /// newest issue. Needs: any token of its organisation.
    #[oai(path = "/alerts/:id/states", method = "get", operation_id = "list_states_of_alert")]
    async fn states(
        &self,
        auth: Auth,
        /// The alert's id.
        id: Path<Uuid>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Find<List<AlertState>> {
        let cursor: Option<Cursor> = cursor.0.as_deref().map(decode).transpose()?;
        let query = StatesQuery {
            alert_id: Some(id.0),
            after: cursor.map(after),
            ..StatesQuery::default()
        };
        Ok(listed(alert::states(&self.0, &auth.0, query, rows(limit.0)).await?))
    }

    /// List the transitions of an alert
    ///
    /// Returns when the alert was raised and cleared, and when its level changed, newest first. The newest 2,000
    /// transitions are stored. Needs: any token of its organisation.
    #[oai(path = "/alerts/:id/changes", method = "get", operation_id = "list_alert_changes")]
    async fn changes(
        &self,
        auth: Auth,
        /// The alert's id.
        id: Path<Uuid>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Find<List<AlertEvent>> {
        let before = cursor.0.as_deref().map(decode).transpose()?;
        let found = alert::changes(&self.0, &auth.0, id.0, before, rows(limit.0)).await?;
        let next = found
            .items
            .last()
            .map(|(number, _)| encode(number))
            .filter(|_| found.more);
        Ok(List::part(
            found.items.into_iter().map(|(_, event)| event).collect(),
            next,
        ))
    }

    /// List the states of alerts
    ///
    /// Returns the states of all alerts that the token may see. A page may have fewer rows than its limit although more
    /// follow: the `Link` header says whether they do. Needs: any token.
    #[oai(path = "/alert_states", method = "get", operation_id = "list_alert_states")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn list_states(
        &self,
        auth: Auth,
        /// Filter by organisation.
        organisation_id: Query<Option<Uuid>>,
        /// Filter by the job of the predictions.
        job_id: Query<Option<Uuid>>,
        /// Filter by the location of the predictions.
        location_id: Query<Option<Uuid>>,
        /// Filter by state.
        state: Query<Option<AlertStateKind>>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Read<List<AlertState>> {
        let cursor: Option<Cursor> = cursor.0.as_deref().map(decode).transpose()?;
        let query = StatesQuery {
            organisation_id: organisation_id.0,
            alert_id: None,
            job_id: job_id.0,
            location_id: location_id.0,
            state: state.0,
            after: cursor.map(after),
        };
        Ok(listed(
            alert::list_states(&self.0, &auth.0, query, rows(limit.0)).await?,
        ))
    }
}
