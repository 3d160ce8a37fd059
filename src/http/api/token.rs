//! Operations on tokens.

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    domain::{
        Caller, Result,
        token::{IssuedToken, Token, TokenCreation},
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

/// Operations on tokens.
pub struct TokenApi(pub App);

impl Rules for TokenCreation {
    fn apply_rules(&mut self, app: &App) -> Result<()> {
        token::check(app, self)
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Tokens")]
impl TokenApi {
    /// Get the current token
    ///
    /// Returns the name, role, organisation and expiry of the token of the request. Needs: any token.
    #[oai(path = "/whoami", method = "get", operation_id = "whoami")]
    async fn whoami(&self, auth: Auth) -> Answer<Plain<Caller>> {
        Ok(Plain(auth.0))
    }

    /// Create a token
    ///
    /// Creates a token. Only this response has the secret: the server stores only its SHA-256. A manager creates tokens
    /// for its own organisation, up to the role manager. Needs: manager.
    #[oai(path = "/tokens", method = "post", operation_id = "create_token")]
    async fn create(&self, auth: ManagerAuth, body: Body<TokenCreation>) -> Make<Issued<IssuedToken>> {
        Ok(Issued(token::create(&self.0, &auth.0, body.0).await?))
    }

    /// List tokens
    ///
    /// Returns the organisation's tokens for a manager, and all for an admin. Needs: manager.
    #[oai(path = "/tokens", method = "get", operation_id = "list_tokens")]
    async fn list(
        &self,
        auth: Auth,
        /// Filter by organisation.
        organisation_id: Query<Option<Uuid>>,
        /// The maximum number of rows.
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "10000")))]
        limit: Query<u64>,
        /// The start of the page, from the `Link` header of the previous page.
        cursor: Query<Option<String>>,
    ) -> Read<List<Token>> {
        let page = page(limit.0, cursor.0.as_deref())?;
        let listed = token::list(&self.0, &auth.0, organisation_id.0, page).await?;
        Ok(List::new(listed, |last| encode(&last.id)))
    }

    /// Revoke a token
    ///
    /// Revokes the token. Requests with it are refused from now on. Needs: manager.
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
