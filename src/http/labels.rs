//! Routes of pages. The pattern of a route is also the label of its requests in the log and the metrics.

use matchit::Router;
use poem::{Endpoint, IntoEndpoint, Response, Route};

/// Table of the pages: their routes and the labels of these routes.
pub struct Pages {
    /// Routes of the pages, which the framework serves.
    pub routes: Route,
    /// Labels of these routes.
    pub labels: Labels,
}

/// Labels of pages, found by path. There is one label for each route, so that clients cannot create more labels by
/// requesting many paths.
#[derive(Default)]
pub struct Labels(Router<String>);

impl Labels {
    /// Returns the label of the page at a path, such as `/docs/{page}`. `None` if there is no page at the path.
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

    /// Adds the page that `endpoint` serves at a path. The path may end with a named wildcard, such as `/docs/*page`.
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
