//! The SQL of predictions. Each run of a series is one row, and its points are in the column `payload`.

pub mod expiry;
mod fetched;
mod fill;
mod find;
mod groups;
mod issue;
mod issue_runs;
mod known;
mod latest;
mod lineage;
mod post;
mod posts;
mod remaining;
mod revision;
mod run;
mod runs;
mod series;
pub mod space;
pub mod spread;
mod steps;
mod summaries;
pub mod verify;
mod watched;
mod withdraw;

pub use find::find;
pub use groups::OwnedScope;
pub use known::has_issue;
pub use latest::latest;
pub use lineage::{Candidate, lineage, values_at};
pub use post::{NewRun, post};
pub use posts::NewPost;
pub use run::DECODED;
pub use series::{
    LOOK_SOON, NOTHING_LEFT, SeriesId, SeriesRow, any_of, any_of_others, is_known, known_at, owner, owners_at,
};
pub use summaries::Summaries;
pub use watched::{arrivals, newest_of, watched_by};
pub use withdraw::{series_of, withdraw};
