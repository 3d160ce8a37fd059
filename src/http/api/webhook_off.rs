//! Replacement of the module `webhook` in an executable that is built without the feature `webhooks`. There are no
//! operations, so that the API's document does not contain webhooks either.

use poem_openapi::OpenApi;

use crate::service::App;

/// Empty group of operations.
pub struct WebhookApi;

impl WebhookApi {
    /// Ignores the product, because no operation uses it.
    pub fn new(_: &App) -> Self {
        Self
    }
}

#[OpenApi]
impl WebhookApi {}
