//! Operations on feeds, and the one that receives their messages.

mod body;

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
        feed::{Feed, FeedChange, FeedCreation, FeedKind, FeedTrial, IssuedFeed, MappingTrial, MessageAnswer},
    },
    http::{
        form::{
            answer::{Answer, Change, Conflict, Find, Make, Read},
            auth::{Auth, FeedAuth, ManagerAuth},
            body::Body,
            cursor::{default_limit, encode, page},
            list::List,
            reply::{Deleted, Plain},
            rules::{Rules, rules},
            thing::{Created, Found, Thing, thing},
        },
        guard::condition::expected,
    },
    service::{App, feed},
};
use body::MessageBody;

/// Operations on feeds.
pub struct FeedApi(pub App);

thing!(Feed, "/api/v1/feeds");
rules!(FeedChange);

/// The secret is shown only once, and is not part of the state that the ETag identifies.
impl Thing for IssuedFeed {
    const PATH: &'static str = Feed::PATH;

    fn id(&self) -> Uuid {
        self.feed.id
    }

    fn revision(&self) -> i64 {
        self.feed.revision
    }

    fn state(&self) -> Option<&impl Serialize> {
        Some(&self.feed)
    }
}

impl Rules for FeedCreation {
    fn apply_rules(&mut self, _app: &App) -> Result<()> {
        self.check()
    }
}

impl Rules for FeedTrial {
    fn apply_rules(&mut self, _app: &App) -> Result<()> {
        self.check()
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Feeds")]
impl FeedApi {
    /// Create a feed
    ///
    /// Creates a feed, which maps the messages of devices to readings. A feed of the kind http has a secret for `POST
    /// /api/v1/ingest/{feed_id}`, which only this response has. A feed of the kind mqtt receives the messages of a
    /// topic from the MQTT broker of the server's settings; only an admin can create it. Needs: manager.
    #[oai(path = "/feeds", method = "post", operation_id = "create_feed")]
    async fn create(&self, auth: ManagerAuth, body: Body<FeedCreation>) -> Make<Created<IssuedFeed>> {
        Ok(Created(feed::create(&self.0, &auth.0, body.0).await?))
    }

    /// List feeds
    ///
    /// Returns the organisation's feeds, and all for an admin, with the time of their last message and their last
    /// problem. Needs: any token.
    #[oai(path = "/feeds", method = "get", operation_id = "list_feeds")]
    async fn list(
        &self,
        auth: Auth,
        /// Filter by organisation.
        organisation_id: Query<Option<Uuid>>,
        /// Filter by the way by which the messages arrive.
        kind: Query<Option<FeedKind>>,
        /// Filter by name.
        name: Query<Option<String>>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Read<List<Feed>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = feed::list(&self.0, &auth.0, organisation_id.0, kind.0, name.0, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Try mappings
    ///
    /// Returns what each mapping would take out of a message that arrives now, and stores nothing. Sensors are not
    /// looked up. Needs: manager.
    #[oai(path = "/feeds/try", method = "post", operation_id = "try_feed")]
    async fn attempt(&self, auth: ManagerAuth, body: Body<FeedTrial>) -> Read<Plain<Vec<MappingTrial>>> {
        Ok(Plain(feed::attempt(&self.0, &auth.0, &body.0)?))
    }

    /// Get a feed
    ///
    /// Returns the feed with its ETag, for `If-Match`, the time of its last message and its last problem. Needs: any
    /// token of its organisation.
    #[oai(path = "/feeds/:id", method = "get", operation_id = "get_feed")]
    async fn get(
        &self,
        auth: Auth,
        /// The feed's id.
        id: Path<Uuid>,
    ) -> Find<Found<Feed>> {
        Ok(Found(feed::get(&self.0, &auth.0, id.0)?))
    }

    /// Change a feed
    ///
    /// Changes the fields that the body names. `mappings` replaces all mappings. Only an admin can change the topic.
    /// Messages that arrive from now on are mapped in the new way. Needs: manager.
    #[oai(path = "/feeds/:id", method = "put", operation_id = "update_feed")]
    async fn update(
        &self,
        auth: ManagerAuth,
        /// The feed's id.
        id: Path<Uuid>,
        /// The ETag of the state to change. If absent, any state is changed.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Body<FeedChange>,
    ) -> Change<Found<Feed>> {
        let expected = expected(if_match.0.as_deref());
        Ok(Found(feed::update(&self.0, &auth.0, id.0, expected, body.0).await?))
    }

    /// Delete a feed
    ///
    /// Deletes the feed. Its readings stay. Needs: manager.
    #[oai(path = "/feeds/:id", method = "delete", operation_id = "delete_feed")]
    async fn delete(
        &self,
        auth: Auth,
        /// The feed's id.
        id: Path<Uuid>,
        /// The ETag of the state to delete. If absent, any state is deleted.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Change<Deleted> {
        let expected = expected(if_match.0.as_deref());
        feed::delete(&self.0, &auth.0, id.0, expected).await?;
        Ok(Deleted)
    }

    /// Rotate the secret of a feed
    ///
    /// Replaces the secret of a feed of the kind http. The previous secret is refused from now on, and only this
    /// response has the new one. A repetition makes another secret. Needs: manager.
    #[oai(path = "/feeds/:id/secret", method = "post", operation_id = "rotate_feed_secret")]
    async fn rotate(
        &self,
        auth: Auth,
        /// The feed's id.
        id: Path<Uuid>,
    ) -> Change<Found<IssuedFeed>> {
        Ok(Found(feed::rotate(&self.0, &auth.0, id.0).await?))
    }

    /// Send a message to a feed
    ///
    /// Maps a message, which is any JSON, to readings and stores them. A message that no mapping is for, such as a
    /// join, has the response 200 with `matched` 0. A mapping whose value or time cannot be used is listed in
    /// `skipped`, and the others are stored. The same value for the same sensor and time counts as unchanged, so a
    /// message with a time is safe to repeat. Needs: the secret of the feed as `Authorization: Bearer <secret>`, and
    /// no other token.
    #[oai(path = "/ingest/:feed_id", method = "post", operation_id = "ingest")]
    async fn ingest(
        &self,
        auth: FeedAuth,
        /// The feed's id.
        #[oai(name = "feed_id")]
        _feed_id: Path<Uuid>,
        /// The event that ChirpStack adds to its requests. It is not used: conditions of mappings select messages.
        #[oai(name = "event")]
        _event: Query<Option<String>>,
        body: MessageBody,
    ) -> Answer<Plain<MessageAnswer>, Conflict> {
        match body {
            MessageBody::Read(message) => Ok(Plain(feed::ingest(&self.0, auth.0.id, message).await?)),
            MessageBody::Unreadable(problem) => {
                feed::refuse(&self.0, auth.0.id, problem.detail().to_owned()).await?;
                Err(problem.into())
            }
        }
    }
}
