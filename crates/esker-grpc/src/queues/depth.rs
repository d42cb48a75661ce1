//! `GetQueue`.

use futures::{StreamExt, TryStreamExt, stream};

use super::receive::group;
use crate::{
    fault::Fault,
    proto::esker::v1 as api,
    targets::{self, Targets},
};

/// Partitions that are asked at the same time.
const ASKED: usize = 32;

/// A queue's settings and depth.
///
/// # Errors
/// There is none of this name, or a partition cannot be asked.
pub(crate) async fn get(
    targets: &Targets,
    asked: &api::GetQueueRequest,
) -> Result<api::GetQueueResponse, Fault> {
    let topic = targets.topic(&asked.name).await?;
    let group = group(&asked.name, &asked.group)?;
    let (of, through) = (&*topic, group.as_str());
    let partitions = stream::iter(0..topic.record.partitions)
        .map(|index| async move {
            let depth = targets.depth(through, targets::partition(of, index)?).await?;
            let proto = api::PartitionDepth {
                partition: index,
                ready: depth.ready,
                leased: depth.leased,
                dying: depth.dying,
                delayed: depth.delayed,
            };
            Ok::<_, Fault>(proto)
        })
        .buffered(ASKED)
        .try_collect()
        .await?;
    Ok(api::GetQueueResponse { queue: Some(targets.admin.describe(&topic, &group)), partitions })
}
