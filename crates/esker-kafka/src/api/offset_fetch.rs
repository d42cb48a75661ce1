//! OffsetFetch: how far groups have read.

use std::collections::{BTreeMap, BTreeSet};

use esker_coordinator::{CommittedOffset, GroupError, StableOffset};
use esker_kafka_wire::{
    ApiKey, ErrorCode, KString,
    messages::{
        OffsetFetchRequest, OffsetFetchResponse,
        offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics},
        offset_fetch_response::{
            OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
            OffsetFetchResponseTopic, OffsetFetchResponseTopics,
        },
    },
};

use crate::{context::Context, topics::TopicRef};

pub(crate) const KEY: ApiKey = ApiKey::OffsetFetch;

/// From here on the error of a group is not said once for each partition.
const GROUP_ERROR_FROM: i16 = 2;
/// From here on a request asks about many groups.
const BATCHED_FROM: i16 = 8;
/// From here on members of the consumer protocol say who they are.
const MEMBER_FROM: i16 = 9;
/// From here on topics are named by their ids.
const IDS_FROM: i16 = 10;

pub(crate) async fn handle(context: Context, request: OffsetFetchRequest) -> OffsetFetchResponse {
    if context.version >= BATCHED_FROM {
        let mut groups = Vec::with_capacity(request.groups.len());
        let mut seen = BTreeSet::new();
        for group in request.groups {
            // What is asked for many times would make a small request a large answer.
            if seen.insert(group.group_id.clone()) {
                groups.push(one(&context, group, request.require_stable).await);
            } else {
                let error_code = ErrorCode::InvalidRequest.code();
                groups.push(OffsetFetchResponseGroup {
                    group_id: group.group_id,
                    error_code,
                    topics: Vec::new(),
                });
            }
        }
        return OffsetFetchResponse { groups, ..OffsetFetchResponse::default() };
    }
    let topics = request.topics.map(|topics| {
        topics
            .into_iter()
            .map(|topic| OffsetFetchRequestTopics {
                name: topic.name,
                partition_indexes: topic.partition_indexes,
                ..OffsetFetchRequestTopics::default()
            })
            .collect()
    });
    let group =
        OffsetFetchRequestGroup { group_id: request.group_id, topics, ..OffsetFetchRequestGroup::default() };
    alone(context.version, one(&context, group, request.require_stable).await)
}

/// A group's answer in the form of the versions that know only one.
fn alone(version: i16, group: OffsetFetchResponseGroup) -> OffsetFetchResponse {
    let topics = group
        .topics
        .into_iter()
        .map(|topic| OffsetFetchResponseTopic {
            name: topic.name,
            partitions: topic
                .partitions
                .into_iter()
                .map(|partition| OffsetFetchResponsePartition {
                    partition_index: partition.partition_index,
                    committed_offset: partition.committed_offset,
                    committed_leader_epoch: partition.committed_leader_epoch,
                    metadata: partition.metadata,
                    error_code: partition.error_code,
                })
                .collect(),
        })
        .collect();
    let error_code = if version >= GROUP_ERROR_FROM { group.error_code } else { 0 };
    OffsetFetchResponse { topics, error_code, ..OffsetFetchResponse::default() }
}

async fn one(context: &Context, group: OffsetFetchRequestGroup, stable: bool) -> OffsetFetchResponseGroup {
    if let Err(error) = check_member(context, &group).await {
        return OffsetFetchResponseGroup {
            error_code: error.code().code(),
            topics: Vec::new(),
            group_id: group.group_id,
        };
    }
    let topics = match group.topics {
        None => all(context, &group.group_id, stable).await,
        Some(ref topics) => some(context, &group.group_id, topics, stable).await,
    };
    match topics {
        Ok(topics) => OffsetFetchResponseGroup {
            group_id: group.group_id,
            topics,
            ..OffsetFetchResponseGroup::default()
        },
        Err(error) => OffsetFetchResponseGroup {
            error_code: error.code().code(),
            topics: if context.version >= GROUP_ERROR_FROM { Vec::new() } else { refuse_each(&group, error) },
            group_id: group.group_id,
        },
    }
}

/// A member of the consumer protocol says who it is, and reads nothing at an epoch that is not its own.
async fn check_member(context: &Context, group: &OffsetFetchRequestGroup) -> Result<(), GroupError> {
    match &group.member_id {
        Some(member_id) if context.version >= MEMBER_FROM && group.member_epoch >= 0 => {
            context.broker.groups.check_fetch(&group.group_id, member_id, group.member_epoch).await
        }
        _ => Ok(()),
    }
}

fn refuse_each(group: &OffsetFetchRequestGroup, error: GroupError) -> Vec<OffsetFetchResponseTopics> {
    let each = |topic: &OffsetFetchRequestTopics| OffsetFetchResponseTopics {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: topic.partition_indexes.iter().map(|index| nothing(*index, error.code())).collect(),
    };
    group.topics.iter().flatten().map(each).collect()
}

/// The offsets of the partitions asked for.
async fn some(
    context: &Context,
    group: &KString,
    asked: &[OffsetFetchRequestTopics],
    stable: bool,
) -> Result<Vec<OffsetFetchResponseTopics>, GroupError> {
    let mut wanted = Vec::new();
    let mut names = Vec::with_capacity(asked.len());
    for topic in asked {
        // Offsets are kept by name; the name of a topic that is gone may still have some.
        let name = match context.version >= IDS_FROM {
            true => TopicRef::Id(topic.topic_id)
                .find(&context.broker)
                .map(|found| found.record.name.as_str().into()),
            false => Ok(topic.name.clone()),
        };
        if let Ok(name) = &name {
            wanted.extend(topic.partition_indexes.iter().map(|index| (KString::clone(name), *index)));
        }
        names.push(name);
    }
    let found: Vec<StableOffset> = match stable {
        true => context.broker.groups.fetch_stable(group, &wanted).await?,
        false => context.broker.groups.fetch(group, &wanted).await?.into_iter().map(Ok).collect(),
    };
    let mut found = found.into_iter();
    let mut seen: BTreeSet<(KString, i32)> = BTreeSet::new();
    let mut one = |index: i32, name: &Result<KString, ErrorCode>| match name {
        Ok(name) => match found.next().and_then(Result::transpose) {
            Some(_) if !seen.insert((name.clone(), index)) => nothing(index, ErrorCode::InvalidRequest),
            Some(Ok(commit)) => something(index, commit),
            Some(Err(error)) => nothing(index, error.code()),
            None => nothing(index, ErrorCode::None),
        },
        Err(error) => nothing(index, *error),
    };
    Ok(asked
        .iter()
        .zip(&names)
        .map(|(topic, name)| OffsetFetchResponseTopics {
            name: topic.name.clone(),
            topic_id: topic.topic_id,
            partitions: topic.partition_indexes.iter().map(|index| one(*index, name)).collect(),
        })
        .collect())
}

/// All offsets of a group. A client that names topics by their ids is not told of those that have none any more.
async fn all(
    context: &Context,
    group: &KString,
    stable: bool,
) -> Result<Vec<OffsetFetchResponseTopics>, GroupError> {
    let by_id = context.version >= IDS_FROM;
    let (found, unstable) = match stable {
        true => context.broker.groups.fetch_all_stable(group).await?,
        false => (context.broker.groups.fetch_all(group).await?, Vec::new()),
    };
    let mut topics: BTreeMap<KString, BTreeMap<i32, OffsetFetchResponsePartitions>> = BTreeMap::new();
    for topic in found {
        let partitions =
            topic.partitions.into_iter().map(|(index, commit)| (index, something(index, commit)));
        topics.insert(topic.topic, partitions.collect());
    }
    for (topic, index) in unstable {
        let undecided = nothing(index, ErrorCode::UnstableOffsetCommit);
        topics.entry(topic).or_default().insert(index, undecided);
    }
    let topics = topics.into_iter().filter_map(|(topic, partitions)| {
        let (name, topic_id) = if by_id {
            TopicRef::Id(context.broker.topic(&topic)?.record.id.0).names()
        } else {
            TopicRef::Name(topic).names()
        };
        Some(OffsetFetchResponseTopics { name, topic_id, partitions: partitions.into_values().collect() })
    });
    Ok(topics.collect())
}

fn something(partition_index: i32, commit: CommittedOffset) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions {
        partition_index,
        committed_offset: commit.offset.0,
        committed_leader_epoch: commit.leader_epoch.map_or(-1, |epoch| epoch.0),
        metadata: Some(commit.metadata),
        error_code: 0,
    }
}

fn nothing(partition_index: i32, error: ErrorCode) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions {
        partition_index,
        committed_offset: -1,
        committed_leader_epoch: -1,
        metadata: Some(KString::new()),
        error_code: error.code(),
    }
}
