//! Routes of pages. The pattern of a route is also the label of its requests in the log and the metrics.

use matchit::Router;
use poem::{Endpoint, IntoEndpoint, Response, Route};

/// Routes and their labels.
pub struct Pages {
    /// Routes of the pages.
    pub routes: Route,
    /// Labels of the same routes.
    pub labels: Labels,
}

/// Labels of pages. Their number is that of the routes, whatever paths clients request.
#[derive(Default)]
pub struct Labels(Router<String>);

impl Labels {
    /// Returns the label of a path. `None` if there is no page.
    pub fn of(&self, path: &str) -> Option<&str> {
        self.0.at(path).ok().map(|found| found.value.as_str())
    }

    fn add(&mut self, pattern: &str) {
        let (prefix, rest) = pattern.split_once('*').unwrap_or((pattern, ""));
        let added = if rest.is_empty() {
            self.0.insert(pattern, pattern.to_owned())
        } else {
            let label = format!("{prefix}{{{rest}}}");
            let whole = self.0.insert(format!("{prefix}{{*{rest}}}"), label.clone());
            whole.and_then(|()| self.0.insert(prefix, label))
        };
        if let Err(error) = added {
            tracing::error!(%error, pattern, "a page's path cannot be told from another");
        }
    }
}

impl Pages {
    /// Creates an empty table.
    pub fn new() -> Self {
        Self {
            routes: Route::new(),
            labels: Labels::default(),
        }
    }

    /// Adds a page at a path, which may end with a named wildcard such as `/docs/*page`.
    pub fn at<E>(mut self, pattern: &str, endpoint: E) -> Self
    where
        E: IntoEndpoint,
        E::Endpoint: Endpoint<Output = Response> + 'static,
    {
        self.labels.add(pattern);
        self.routes = self.routes.at(pattern, endpoint);
        self
    }
}
