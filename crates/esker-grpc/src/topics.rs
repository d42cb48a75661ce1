//! ListTopics and GetTopic.

use std::sync::Arc;

use esker_meta::Topic;
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    fault::Fault,
    proto::esker::v1 as api,
    targets::{self, Targets, is_served},
};

/// Topics of a page, at most.
const PAGE: usize = 1_000;
/// Partitions that are asked at the same time.
const ASKED: usize = 32;

/// A page of topics by name.
///
/// # Errors
/// The page is too large.
pub(crate) fn list(
    targets: &Targets,
    asked: &api::ListTopicsRequest,
) -> Result<api::ListTopicsResponse, Fault> {
    let size = match asked.page_size as usize {
        0 => PAGE,
        size if size <= PAGE => size,
        _ => return Err(Fault::invalid("page_size", format!("a page has at most {PAGE} topics"))),
    };
    let mut found = targets.catalog.all();
    found.retain(|topic| {
        let name = &topic.record.name;
        is_served(topic) && name.starts_with(&asked.prefix) && *name > asked.page_token
    });
    found.sort_by(|a, b| a.record.name.cmp(&b.record.name));
    let more = found.len() > size;
    found.truncate(size);
    let next_page_token =
        found.last().filter(|_| more).map(|topic| topic.record.name.clone()).unwrap_or_default();
    Ok(api::ListTopicsResponse { topics: found.iter().map(message).collect(), next_page_token })
}

fn message(topic: &Arc<Topic>) -> api::Topic {
    let record = &topic.record;
    api::Topic {
        name: record.name.clone(),
        id: record.id.0.to_string(),
        partitions: record.partitions,
        configs: record.configs.clone(),
    }
}

/// A topic, with its partitions' offsets if they are asked for.
///
/// # Errors
/// There is none of this name, or a partition cannot be asked.
pub(crate) async fn get(
    targets: &Targets,
    asked: &api::GetTopicRequest,
) -> Result<api::GetTopicResponse, Fault> {
    let topic = targets.topic(&asked.name).await?;
    let count = if asked.without_offsets { 0 } else { topic.record.partitions };
    let offsets = stream::iter(0..count)
        .map(|index| of_partition(targets, &topic, index))
        .buffered(ASKED)
        .try_collect()
        .await?;
    Ok(api::GetTopicResponse { topic: Some(message(&topic)), offsets })
}

async fn of_partition(targets: &Targets, topic: &Topic, index: u32) -> Result<api::PartitionOffsets, Fault> {
    let id = targets::partition(topic, index)?;
    let (offsets, _) = targets.locate(id, None).await?;
    Ok(api::PartitionOffsets {
        partition: index,
        first_offset: offsets.log_start,
        end_offset: offsets.high_watermark,
        stable_offset: offsets.last_stable,
    })
}
