//! One file per API: parse, apply, encode. The table that routes to them is in `dispatch`.
//!
//! APIs of consumer groups (join, sync, heartbeat, leave, offset commit, fetch and delete, describe, list and delete
//! groups) belong here too, one file each, with one row each in the table.

pub(crate) mod acl;
pub(crate) mod api_versions;
pub(crate) mod delete_groups;
pub(crate) mod describe_groups;
pub(crate) mod fetch;
pub(crate) mod fetch_session;
pub(crate) mod find_coordinator;
pub(crate) mod groups;
pub(crate) mod heartbeat;
pub(crate) mod join_group;
pub(crate) mod leave_group;
pub(crate) mod list_groups;
pub(crate) mod list_offsets;
pub(crate) mod metadata;
pub(crate) mod offset_commit;
pub(crate) mod offset_delete;
pub(crate) mod offset_fetch;
pub(crate) mod produce;
pub(crate) mod sync_group;
