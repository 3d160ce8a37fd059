//! Tokens on the wire.

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::{
        Caller, Result,
        token::{IssuedToken, NewToken, Token},
    },
    http::form::{
        answer::{Answer, Find, Make, Read},
        auth::{Auth, ManagerAuth},
        body::Body,
        cursor::{default_limit, encode, page},
        list::List,
        reply::{Deleted, Issued, Plain},
        rules::Rules,
    },
    service::{App, token},
};

/// The tokens' operations.
pub struct TokenApi(pub App);

impl Rules for NewToken {
    fn apply_rules(&mut self, app: &App) -> Result<()> {
        self.check(app.now())
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Tokens")]
impl TokenApi {
    /// Who am I?
    ///
    /// The name, role, organisation and expiry of the token that the request shows. Needs: any token.
    #[oai(path = "/whoami", method = "get", operation_id = "whoami")]
    async fn whoami(&self, auth: Auth) -> Answer<Plain<Caller>> {
        Ok(Plain(auth.0))
    }

    /// Make a token
    ///
    /// The answer has the secret, which is shown this once: the server keeps only its SHA-256. A manager makes tokens
    /// of its own organisation, at most a manager's. Needs: manager.
    #[oai(path = "/tokens", method = "post", operation_id = "create_token")]
    async fn create(&self, auth: ManagerAuth, body: Body<NewToken>) -> Make<Issued<IssuedToken>> {
        Ok(Issued(token::create(&self.0, &auth.0, body.0).await?))
    }

    /// List tokens
    ///
    /// A manager sees its organisation's tokens, an admin all. Needs: manager.
    #[oai(path = "/tokens", method = "get", operation_id = "list_tokens")]
    async fn list(
        &self,
        auth: Auth,
        /// Only of this organisation.
        organisation_id: Query<Option<Uuid>>,
        /// How many rows at most.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// Where the page starts: from the `Link` of the page before.
        cursor: Query<Option<String>>,
    ) -> Read<List<Token>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = token::list(&self.0, &auth.0, organisation_id.0, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Revoke a token
    ///
    /// From now on it is unknown. Needs: manager.
    #[oai(path = "/tokens/:id", method = "delete", operation_id = "revoke_token")]
    async fn revoke(
        &self,
        auth: Auth,
        /// The token's id.
        id: Path<Uuid>,
    ) -> Find<Deleted> {
        token::revoke(&self.0, &auth.0, id.0).await?;
        Ok(Deleted)
    }
}
