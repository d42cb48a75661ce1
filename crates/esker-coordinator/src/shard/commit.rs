//! Committing, fetching and deleting offsets.

use esker_env::Rule;
use esker_kafka_wire::KString;

use super::Shard;
use crate::{
    effects::{Cx, Then, Token, Write},
    error::GroupError,
    group::Group,
    offsets::CommittedOffset,
    records::Record,
    types::{CommitRequest, FetchedOffsets, GroupState, OffsetToCommit, TopicOffsets},
};

impl Shard {
    /// Commits offsets. The results come in the order asked; `token` is answered once those that are fine are
    /// durable.
    pub(crate) fn commit(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        request: &CommitRequest,
        token: Token,
    ) -> Vec<Result<(), GroupError>> {
        cx.room = self.usage.room(cx.config.max_state);
        if let Err(error) = self.admit_commit(cx, id, request) {
            cx.answer_written(token, Err(error));
            return Vec::new();
        }
        self.with(id, |group| commit(group, cx, request, token)).expect("admitted to an existing group")
    }

    fn admit_commit(&mut self, cx: &Cx<'_>, id: &KString, request: &CommitRequest) -> Result<(), GroupError> {
        if !self.groups.contains_key(id) {
            if request.member.generation >= 0 {
                let known = request.knows_group_not_found;
                return Err(if known { GroupError::GroupNotFound } else { GroupError::IllegalGeneration });
            }
            self.ensure(cx, id)?;
        }
        self.groups[id].check_commit(&request.member, request.knows_group_not_found)
    }

    /// Whether a member that says its epoch may read the group's offsets. Classic groups do not ask.
    pub(crate) fn check_fetch(
        &self,
        id: &KString,
        member_id: &KString,
        epoch: i32,
    ) -> Result<(), GroupError> {
        let group = self.groups.get(id).filter(|group| group.state != GroupState::Dead);
        match &group.ok_or(GroupError::GroupNotFound)?.consumer {
            Some(consumer) => consumer.check_fetch(member_id, epoch),
            None => Ok(()),
        }
    }

    /// The durable offsets of these partitions.
    pub(crate) fn fetch(&self, id: &KString, partitions: &[(KString, i32)]) -> FetchedOffsets {
        let group = self.groups.get(id).filter(|group| group.state != GroupState::Dead);
        partitions
            .iter()
            .map(|(topic, partition)| group.and_then(|group| group.offsets.get(topic, *partition)).cloned())
            .collect()
    }

    /// All durable offsets of a group.
    pub(crate) fn fetch_all(&self, id: &KString) -> Vec<TopicOffsets> {
        let mut topics: Vec<TopicOffsets> = Vec::new();
        let group = self.groups.get(id).filter(|group| group.state != GroupState::Dead);
        for (topic, partition, commit) in group.into_iter().flat_map(|group| group.offsets.iter()) {
            match topics.last_mut() {
                Some(last) if last.topic == *topic => last.partitions.push((partition, commit.clone())),
                _ => topics.push(TopicOffsets {
                    topic: topic.clone(),
                    partitions: vec![(partition, commit.clone())],
                }),
            }
        }
        topics
    }

    /// Deletes offsets of topics that the group does not consume. The results come in the order asked.
    pub(crate) fn delete_offsets(
        &mut self,
        cx: &mut Cx<'_>,
        id: &KString,
        partitions: &[(KString, i32)],
        token: Token,
    ) -> Vec<Result<(), GroupError>> {
        let Some(group) = self.groups.get_mut(id).filter(|group| group.state != GroupState::Dead) else {
            cx.answer_written(token, Err(GroupError::GroupNotFound));
            return Vec::new();
        };
        if group.state != GroupState::Empty && !group.uses_consumer_protocol() {
            cx.answer_written(token, Err(GroupError::NonEmptyGroup));
            return Vec::new();
        }
        let results: Vec<_> = partitions
            .iter()
            .map(|(topic, _)| match group.is_subscribed(topic) {
                true => Err(GroupError::SubscribedToTopic),
                false => Ok(()),
            })
            .collect();
        let gone: Vec<(KString, i32)> = partitions
            .iter()
            .zip(&results)
            .filter(|((topic, partition), result)| {
                result.is_ok() && group.offsets.contains(topic, *partition)
            })
            .map(|(partition, _)| partition.clone())
            .collect();
        forget(group, cx, gone, Some(token));
        results
    }
}

fn commit(
    group: &mut Group,
    cx: &mut Cx<'_>,
    request: &CommitRequest,
    token: Token,
) -> Vec<Result<(), GroupError>> {
    group.touch_by_commit(cx, &request.member.member_id);
    let expires_ms = request.retention.map(|retention| {
        cx.now.wall_ms.saturating_add(i64::try_from(retention.as_millis()).unwrap_or(i64::MAX))
    });
    let mut room = cx.room;
    let mut records = Vec::with_capacity(request.offsets.len());
    let mut commits = Vec::with_capacity(request.offsets.len());
    let mut commit_one = |asked: &OffsetToCommit| {
        if asked.metadata.len() > cx.config.max_offset_metadata {
            return Err(GroupError::MetadataTooLarge);
        }
        if let Some(consumer) = &group.consumer {
            consumer.check_partition(&request.member, asked.topic_id, asked.partition)?;
        }
        let known = group.offsets.contains(&asked.topic, asked.partition);
        if !known && group.offsets.len() >= cx.config.max_offsets_per_group {
            return Err(GroupError::TooManyOffsets);
        }
        let growth = group.offsets.growth(&asked.topic, asked.partition, asked.metadata.len());
        room = room.checked_sub(growth).ok_or(GroupError::Limit)?;
        let topic = asked.topic.compact();
        let commit = CommittedOffset {
            offset: asked.offset,
            leader_epoch: asked.leader_epoch,
            metadata: asked.metadata.compact(),
            committed_ms: cx.now.wall_ms,
            expires_ms,
            topic_id: asked.topic_id,
        };
        let record = Record::offset(&group.id, &topic, asked.partition, &commit);
        records.push(record.map_err(|_| GroupError::TooLarge)?);
        group.offsets.begin(&topic, asked.partition);
        commits.push((topic, asked.partition, commit));
        Ok(())
    };
    let results: Vec<_> = request.offsets.iter().map(&mut commit_one).collect();
    if records.is_empty() {
        cx.answer_written(token, Ok(()));
    } else {
        let then = Then::Commit(commits);
        let waiter = Some(token).filter(|_| !Rule::CommitDurable.is_broken());
        if waiter.is_none() {
            cx.answer_written(token, Ok(()));
        }
        cx.writes.push(Write { group: group.id.clone(), records, then, waiter });
    }
    results
}

/// Writes tombstones for offsets of a group.
pub(super) fn forget(group: &Group, cx: &mut Cx<'_>, gone: Vec<(KString, i32)>, waiter: Option<Token>) {
    // A key that could be written once can be written again.
    let tombstone =
        |(topic, partition): &(KString, i32)| Record::offset_gone(&group.id, topic, *partition).ok();
    let records: Vec<_> = gone.iter().filter_map(tombstone).collect();
    if !records.is_empty() {
        cx.writes.push(Write { group: group.id.clone(), records, then: Then::Forget(gone), waiter });
    } else if let Some(token) = waiter {
        cx.answer_written(token, Ok(()));
    }
}
