//! What a receiver asks for.

use esker_core::{PartitionId, TopicNumber};
use esker_filter::Filter;

use crate::{
    fault::Fault,
    proto::esker::v1 as api,
    targets::{self, Targets},
};

/// Partitions of one receiver.
pub(super) const MAX_PARTITIONS: u32 = 10_000;
/// Longest name of a group, bytes.
const MAX_GROUP: usize = 255;

/// What it gets.
pub(super) struct Opened {
    pub(super) group: String,
    pub(super) topic: TopicNumber,
    pub(super) partitions: Vec<PartitionId>,
    pub(super) queue: api::Queue,
}

/// Looks up everything that is asked for.
pub(super) async fn open(targets: &Targets, asked: &api::ReceiveOpen) -> Result<Opened, Fault> {
    if !asked.filter.is_empty() {
        Filter::parse(&asked.filter).map_err(|error| Fault::invalid("open.filter", error.to_string()))?;
    }
    let topic = targets.topic(&asked.queue).await?;
    let group = group(&asked.queue, &asked.group)?;
    let count = topic.record.partitions;
    if count > MAX_PARTITIONS {
        let text = format!("a receiver has at most {MAX_PARTITIONS} partitions");
        return Err(Fault::invalid("open.queue", text));
    }
    let partitions = (0..count).map(|index| targets::partition(&topic, index)).collect::<Result<_, _>>()?;
    let queue = targets.admin.describe(&topic, &group);
    Ok(Opened { group, topic: topic.record.number, partitions, queue })
}

/// The group that a request means.
///
/// # Errors
/// Its name is too long.
pub(in crate::queues) fn group(queue: &str, named: &str) -> Result<String, Fault> {
    let group = if named.is_empty() { queue } else { named };
    if group.len() > MAX_GROUP {
        return Err(Fault::invalid("group", format!("a group's name has at most {MAX_GROUP} bytes")));
    }
    Ok(group.to_owned())
}
