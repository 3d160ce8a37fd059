//! Stands in for the operations of webhooks in an executable that is built without them: there are none, so the
//! document does not name webhooks either.

use poem_openapi::OpenApi;

use crate::service::App;

/// No operations.
pub struct WebhookApi;

impl WebhookApi {
    /// Ignores the product, because no operation uses it.
    pub fn new(_: &App) -> Self {
        Self
    }
}

#[OpenApi]
impl WebhookApi {}
