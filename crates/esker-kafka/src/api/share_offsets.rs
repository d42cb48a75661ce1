//! What the three APIs over share groups' offsets have in common.

use esker_coordinator::{ShareError, ShareFound, ShareOrder, ShareTarget, ShareWhat};
use esker_kafka_wire::{ErrorCode, KString};

use crate::broker::Broker;

/// Why a request about a whole group is refused.
pub(crate) type Refused = (ErrorCode, String);

/// Checks that this broker coordinates the share group; with `empty`, that nobody is in it.
pub(crate) async fn check_group(broker: &Broker, group: &KString, empty: bool) -> Result<(), Refused> {
    if group.is_empty() {
        return Err((ErrorCode::InvalidGroupId, "GroupId can't be empty.".to_owned()));
    }
    match broker.groups.describe_share(group).await {
        Ok(Some(found)) if empty && !found.members.is_empty() => {
            Err((ErrorCode::NonEmptyGroup, "The group is not empty.".to_owned()))
        }
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err((ErrorCode::GroupIdNotFound, format!("Group {group} is not a share group."))),
        Err(error) => Err((error.code(), error.to_string())),
    }
}

/// Asks the leaders of partitions; of all that the group has read, when none are named.
pub(crate) async fn ask(
    broker: &Broker,
    group: &KString,
    what: ShareWhat,
    partitions: Vec<ShareTarget>,
) -> Vec<ShareFound> {
    let order = ShareOrder { group: group.compact(), what, partitions };
    broker.share_admin.share(order).await
}

/// The code for one partition's refusal: administrators try again where the group's coordinator would have them do so.
pub(crate) fn code(error: ShareError) -> ErrorCode {
    match error {
        ShareError::NotLeader | ShareError::Unavailable | ShareError::Loading => {
            ErrorCode::CoordinatorNotAvailable
        }
        other => other.code(),
    }
}

/// Ends all that is known of a share group.
pub(crate) async fn forget(broker: &Broker, group: &KString) -> Result<(), ErrorCode> {
    let read = ask(broker, group, ShareWhat::Describe, Vec::new()).await;
    let mut targets = Vec::with_capacity(read.len());
    for found in read {
        // Of a partition whose leader does not answer nothing is known.
        found.result.map_err(code)?;
        targets.push(ShareTarget { topic: found.topic, index: found.index, start: 0 });
    }
    if targets.is_empty() {
        return Ok(());
    }
    for found in ask(broker, group, ShareWhat::End, targets).await {
        found.result.map_err(code)?;
    }
    Ok(())
}
