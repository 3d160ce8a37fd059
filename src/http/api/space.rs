//! Operation that returns the space that the data takes.

use poem_openapi::OpenApi;

use super::tag::Tag;
use crate::{
    domain::space::Space,
    http::{
        form::{answer::Read, auth::AdminAuth, reply::Plain},
        guard::pace::TakesLong,
    },
    service::{App, space},
};

/// Operations on the space of the data.
pub struct SpaceApi(pub App);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Administration")]
impl SpaceApi {
    /// Get the space by source
    ///
    /// Returns the size of the database, the free space of its disk, the time of the last backup, and for each source the
    /// number and size of its predictions, their first and last valid times, and the retention. It reads the whole
    /// database, which takes a second for each gigabyte or so. Needs: admin.
    #[oai(path = "/admin/space", method = "get", operation_id = "get_space")]
    async fn get(&self, auth: AdminAuth, _time: TakesLong) -> Read<Plain<Space>> {
        Ok(Plain(space::read(&self.0, &auth.0).await?))
    }
}
