//! The routes of pages, each of which is also the label of its requests in the log and the metrics.

use matchit::Router;
use poem::{Endpoint, IntoEndpoint, Response, Route};

/// Routes, and their labels by the paths that they match.
pub struct Pages {
    pub routes: Route,
    pub labels: Labels,
}

/// The labels of pages: as few as there are routes, whatever is asked for.
#[derive(Default)]
pub struct Labels(Router<String>);

impl Labels {
    /// The label of a page's path; none if no page is there.
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
    /// No pages yet.
    pub fn new() -> Self {
        Self {
            routes: Route::new(),
            labels: Labels::default(),
        }
    }

    /// Adds a page at a path, which may end in a rest with a name such as `/docs/*page`.
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
