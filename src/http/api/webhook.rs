//! Operations on webhooks.

use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use serde::Serialize;
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::{
        Result,
        webhook::{
            IssuedWebhook, Webhook,
            delivery::{Delivery, WebhookTestResult},
            input::{WebhookChange, WebhookCreation},
        },
    },
    http::{
        form::{
            answer::{Change, Find, Make, Read},
            auth::{Auth, ManagerAuth},
            body::Body,
            cursor::{decode, default_limit, encode, page, rows},
            list::List,
            reply::{Deleted, Plain},
            rules::Rules,
            thing::{Created, Found, Thing, thing},
        },
        guard::condition::expected,
    },
    service::{App, webhook},
};

/// Operations on webhooks.
pub struct WebhookApi(App);

impl WebhookApi {
    /// The operations on the product.
    pub fn new(app: &App) -> Self {
        Self(app.clone())
    }
}

thing!(Webhook, "/api/v1/webhooks");

/// The secret is shown only once, and is not part of the state that the ETag identifies.
impl Thing for IssuedWebhook {
    const PATH: &'static str = Webhook::PATH;

    fn id(&self) -> Uuid {
        self.webhook.id
    }

    fn revision(&self) -> i64 {
        self.webhook.revision
    }

    fn state(&self) -> Option<&impl Serialize> {
        Some(&self.webhook)
    }
}

impl Rules for WebhookCreation {
    fn apply_rules(&mut self, app: &App) -> Result<()> {
        self.check(webhook::rules(app)).map(|_| ())
    }
}

impl Rules for WebhookChange {
    fn apply_rules(&mut self, app: &App) -> Result<()> {
        self.check(webhook::rules(app)).map(|_| ())
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Webhooks")]
impl WebhookApi {
    /// Create a webhook
    ///
    /// Creates a webhook. From now on the server sends changes of jobs' health states to its address: as JSON that is
    /// signed according to the Standard Webhooks convention, or as messages for people in one of the other formats. Only
    /// this response has the secret. An admin's webhook without an organisation receives the changes of all
    /// organisations' jobs. Needs: manager.
    #[oai(path = "/webhooks", method = "post", operation_id = "create_webhook")]
    async fn create(&self, auth: ManagerAuth, body: Body<WebhookCreation>) -> Make<Created<IssuedWebhook>> {
        Ok(Created(webhook::create(&self.0, &auth.0, body.0).await?))
    }

    /// List webhooks
    ///
    /// Returns the organisation's webhooks for a manager, and all for an admin. Needs: manager.
    #[oai(path = "/webhooks", method = "get", operation_id = "list_webhooks")]
    async fn list(
        &self,
        auth: Auth,
        /// Filter by organisation.
        organisation_id: Query<Option<Uuid>>,
        /// Filter by name.
        name: Query<Option<String>>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Read<List<Webhook>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = webhook::list(&self.0, &auth.0, organisation_id.0, name.0, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Get a webhook
    ///
    /// Returns the webhook with its ETag, for `If-Match`, and the result of its last message. Needs: manager.
    #[oai(path = "/webhooks/:id", method = "get", operation_id = "get_webhook")]
    async fn get(
        &self,
        auth: Auth,
        /// The webhook's id.
        id: Path<Uuid>,
    ) -> Find<Found<Webhook>> {
        Ok(Found(webhook::get(&self.0, &auth.0, id.0)?))
    }

    /// Change a webhook
    ///
    /// Changes the fields that the body names. If the secret is null, or if the format becomes standard, the server
    /// creates a new one, and only this response has it. Needs: manager.
    #[oai(path = "/webhooks/:id", method = "put", operation_id = "update_webhook")]
    async fn update(
        &self,
        auth: ManagerAuth,
        /// The webhook's id.
        id: Path<Uuid>,
        /// The ETag of the state to change. If absent, any state is changed.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Body<WebhookChange>,
    ) -> Change<Found<IssuedWebhook>> {
        let expected = expected(if_match.0.as_deref());
        let changed = webhook::update(&self.0, &auth.0, id.0, expected, body.0).await?;
        Ok(Found(changed))
    }

    /// Delete a webhook
    ///
    /// Deletes the webhook and its waiting messages. Needs: manager.
    #[oai(path = "/webhooks/:id", method = "delete", operation_id = "delete_webhook")]
    async fn delete(
        &self,
        auth: Auth,
        /// The webhook's id.
        id: Path<Uuid>,
        /// The ETag of the state to delete. If absent, any state is deleted.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Change<Deleted> {
        let expected = expected(if_match.0.as_deref());
        webhook::delete(&self.0, &auth.0, id.0, expected).await?;
        Ok(Deleted)
    }

    /// List the messages to a webhook
    ///
    /// Returns the messages with their results, newest first. Finished messages are listed for 30 days, at most the
    /// newest 1000 of each webhook. Needs: manager.
    #[oai(
        path = "/webhooks/:id/deliveries",
        method = "get",
        operation_id = "list_webhook_deliveries"
    )]
    async fn deliveries(
        &self,
        auth: Auth,
        /// The webhook's id.
        id: Path<Uuid>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Find<List<Delivery>> {
        let before = cursor.0.as_deref().map(decode).transpose()?;
        let limit = rows(limit.0);
        let listed = webhook::deliveries(&self.0, &auth.0, id.0, before, limit).await?;
        Ok(List::new(listed, |last| encode(&last.position)))
    }

    /// Test a webhook
    ///
    /// Sends a message of the type `webhook.test` at once, also to an inactive webhook, and returns the result: 200
    /// also if the receiver did not accept the message. There are no retries. Needs: manager.
    #[oai(path = "/webhooks/:id/test", method = "post", operation_id = "test_webhook")]
    async fn test(
        &self,
        auth: Auth,
        /// The webhook's id.
        id: Path<Uuid>,
    ) -> Find<Plain<WebhookTestResult>> {
        Ok(Plain(webhook::test(&self.0, &auth.0, id.0).await?))
    }
}
