//! The SQL of jobs and their role bindings.

mod context;
mod find;
mod history;
mod shadow;
mod write;

pub use context::{context, contexts};
pub use find::{
    all_bound_to, any_bound_to, any_of, any_pinned_to, any_with_shadow, find, find_all, find_named, is_shadow, list,
    owner, roles_of_sensor,
};
pub use history::{enter, entries, entry_at, has_history, location, over, owners, sweep};
pub use shadow::{delete_shadow, insert_shadow, shadows, shadows_of};
pub use write::{delete, insert, update};
