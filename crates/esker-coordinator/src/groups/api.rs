//! What front ends call. Each call completes when its answer is durable, or when the rebalance that it waits for ends.
//! A call may be dropped at any time; what it asked for happens all the same.

use esker_core::TopicId;
use esker_kafka_wire::KString;

use super::Groups;
use crate::{
    consumer::is_assignor,
    effects::{Answer, Cx},
    error::GroupError,
    settings::GroupConfig,
    shard::Shard,
    types::{
        CommitRequest, ConsumerGroupDescription, ConsumerHeartbeat, FetchedOffsets, GroupDescription,
        GroupSummary, HeartbeatAnswer, JoinAnswer, JoinRequest, Leaver, MemberRef, ShareGroupDescription,
        ShareHeartbeat, SyncAnswer, SyncRequest, TopicOffsets,
    },
};

/// Results in the order asked.
pub type Results = Vec<Result<(), GroupError>>;

impl Groups {
    /// Joins a group. Waits until the members of the next generation are known; `taken` is called before that wait, once
    /// nothing of the request is held any more.
    pub async fn join(&self, group: &KString, request: JoinRequest, taken: impl FnOnce()) -> JoinAnswer {
        let member_id = request.member_id.compact();
        let refused = |error| JoinAnswer::refused(error, member_id);
        let config = &self.0.config;
        if group.is_empty() {
            return refused(GroupError::InvalidGroupId);
        }
        if !(config.min_session_timeout..=config.max_session_timeout).contains(&request.session_timeout) {
            return refused(GroupError::InvalidSessionTimeout);
        }
        let join = move |shard: &mut Shard, cx: &mut Cx<'_>, token| shard.join(cx, group, &request, token);
        match self.0.ask(group, join, taken).await {
            Ok(((), Answer::Join(answer))) => answer,
            Ok((_, other)) => unreachable!("a join is answered by {other:?}"),
            Err(error) => refused(error),
        }
    }

    /// Fetches a member's assignment; the leader brings everyone's. Waits until the leader has; `taken` is called before
    /// that wait, once nothing of the request is held any more.
    ///
    /// # Errors
    /// See [`GroupError`].
    pub async fn sync(
        &self,
        group: &KString,
        request: SyncRequest,
        taken: impl FnOnce(),
    ) -> Result<SyncAnswer, GroupError> {
        check_id(group)?;
        let sync = move |shard: &mut Shard, cx: &mut Cx<'_>, token| shard.sync(cx, group, &request, token);
        match self.0.ask(group, sync, taken).await? {
            ((), Answer::Sync(answer)) => answer,
            (_, other) => unreachable!("a sync is answered by {other:?}"),
        }
    }

    /// A member's sign of life.
    ///
    /// # Errors
    /// [`GroupError::RebalanceInProgress`] tells the member to join again; see [`GroupError`] for others.
    pub async fn heartbeat(&self, group: &KString, member: &MemberRef) -> Result<(), GroupError> {
        check_id(group)?;
        self.0.on(group, |active, cx| active.machine.heartbeat(cx, group, member)).await?
    }

    /// A heartbeat of the consumer protocol: joins, leaves, or goes on. Completes when what the answer says is durable.
    ///
    /// # Errors
    /// [`GroupError::FencedMemberEpoch`] and [`GroupError::UnknownMember`] tell the member to join again; see
    /// [`GroupError`] for others.
    pub async fn consumer_heartbeat(
        &self,
        group: &KString,
        request: ConsumerHeartbeat,
    ) -> Result<HeartbeatAnswer, GroupError> {
        check_id(group)?;
        if request.assignor.as_deref().is_some_and(|name| !is_assignor(name)) {
            return Err(GroupError::UnsupportedAssignor);
        }
        let beat = |shard: &mut Shard, cx: &mut Cx<'_>, token| {
            shard.consumer_heartbeat(cx, group, request, token);
        };
        match self.0.ask(group, beat, || ()).await? {
            ((), Answer::Heartbeat(answer)) => answer,
            (_, other) => unreachable!("a heartbeat is answered by {other:?}"),
        }
    }

    /// A heartbeat of a member of a share group: joins, leaves, or goes on. Completes when what the answer says is durable.
    ///
    /// # Errors
    /// [`GroupError::FencedMemberEpoch`] and [`GroupError::UnknownMember`] tell the member to join again; see
    /// [`GroupError`] for others.
    pub async fn share_heartbeat(
        &self,
        group: &KString,
        request: ShareHeartbeat,
    ) -> Result<HeartbeatAnswer, GroupError> {
        check_id(group)?;
        let beat = |shard: &mut Shard, cx: &mut Cx<'_>, token| {
            shard.share_heartbeat(cx, group, request, token);
        };
        match self.0.ask(group, beat, || ()).await? {
            ((), Answer::Heartbeat(answer)) => answer,
            (_, other) => unreachable!("a heartbeat is answered by {other:?}"),
        }
    }

    /// A share group in full; `None` when there is none of this name.
    ///
    /// # Errors
    /// When this broker cannot tell.
    pub async fn describe_share(&self, group: &KString) -> Result<Option<ShareGroupDescription>, GroupError> {
        self.0.on(group, |active, _| active.machine.describe_share(group)).await
    }

    /// Checks a member that reads offsets and says who it is, against a group of the consumer protocol.
    ///
    /// # Errors
    /// [`GroupError::StaleMemberEpoch`], [`GroupError::UnknownMember`], [`GroupError::GroupNotFound`].
    pub async fn check_fetch(
        &self,
        group: &KString,
        member_id: &KString,
        epoch: i32,
    ) -> Result<(), GroupError> {
        self.0.on(group, |active, _| active.machine.check_fetch(group, member_id, epoch)).await?
    }

    /// Takes members out of a group.
    ///
    /// # Errors
    /// When none could be taken out, for a reason that is not about a single member.
    pub async fn leave(&self, group: &KString, leavers: &[Leaver]) -> Result<Results, GroupError> {
        check_id(group)?;
        let asked =
            self.0.ask(group, |shard, cx, token| shard.leave(cx, group, leavers, token), || ()).await?;
        match written(asked) {
            // No such group: none of them is in it.
            Err(GroupError::UnknownMember) => Ok(vec![Err(GroupError::UnknownMember); leavers.len()]),
            result => result,
        }
    }

    /// Commits offsets, in the order asked.
    ///
    /// # Errors
    /// When nothing was committed.
    pub async fn commit(&self, group: &KString, request: &CommitRequest) -> Result<Results, GroupError> {
        // Old consumers outside of any membership may have no group id.
        let asked =
            self.0.ask(group, |shard, cx, token| shard.commit(cx, group, request, token), || ()).await?;
        written(asked)
    }

    /// The durable offsets of these partitions, in the order asked. A group that does not exist has none.
    ///
    /// # Errors
    /// When this broker cannot tell.
    pub async fn fetch(
        &self,
        group: &KString,
        partitions: &[(KString, i32)],
    ) -> Result<FetchedOffsets, GroupError> {
        self.0.confirm(group).await?;
        self.0.on(group, |active, _| active.machine.fetch(group, partitions)).await
    }

    /// All durable offsets of a group, by topic name and partition.
    ///
    /// # Errors
    /// When this broker cannot tell.
    pub async fn fetch_all(&self, group: &KString) -> Result<Vec<TopicOffsets>, GroupError> {
        self.0.confirm(group).await?;
        self.0.on(group, |active, _| active.machine.fetch_all(group)).await
    }

    /// Deletes offsets of topics that the group does not consume.
    ///
    /// # Errors
    /// When nothing was deleted.
    pub async fn delete_offsets(
        &self,
        group: &KString,
        partitions: &[(KString, i32)],
    ) -> Result<Results, GroupError> {
        check_id(group)?;
        let act =
            |shard: &mut Shard, cx: &mut Cx<'_>, token| shard.delete_offsets(cx, group, partitions, token);
        written(self.0.ask(group, act, || ()).await?)
    }

    /// Deletes a group without members, and its offsets.
    ///
    /// # Errors
    /// See [`GroupError`].
    pub async fn delete(&self, group: &KString) -> Result<(), GroupError> {
        written(self.0.ask(group, |shard, cx, token| shard.delete(cx, group, token), || ()).await?)
    }

    /// A group of the consumer protocol in full; `None` when there is none of this name.
    ///
    /// # Errors
    /// When this broker cannot tell.
    pub async fn describe_consumer(
        &self,
        group: &KString,
    ) -> Result<Option<ConsumerGroupDescription>, GroupError> {
        self.0.on(group, |active, _| active.machine.describe_consumer(group)).await
    }

    /// The settings, for those who show them.
    #[must_use]
    pub fn config(&self) -> &GroupConfig {
        &self.0.config
    }

    /// A classic group in full; `None` when there is none of this name.
    ///
    /// # Errors
    /// When this broker cannot tell.
    pub async fn describe(&self, group: &KString) -> Result<Option<GroupDescription>, GroupError> {
        self.0.on(group, |active, _| active.machine.describe(group)).await
    }

    /// Every group that this broker coordinates.
    ///
    /// # Errors
    /// [`GroupError::Loading`] when a partition is still being read.
    pub async fn list(&self) -> Result<Vec<GroupSummary>, GroupError> {
        let mut groups = Vec::new();
        for row in self.0.rows() {
            match self.0.on_row(&row, |active, _| groups.extend(active.machine.list())).await {
                Ok(()) | Err(GroupError::NotCoordinator) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(groups)
    }

    /// Topics are gone: deletes their offsets in every group, in the background.
    pub fn topics_deleted(&self, topics: &[(KString, TopicId)]) {
        self.0.on_every(|shard, cx| {
            for (name, id) in topics {
                shard.topic_deleted(cx, name, *id);
            }
        });
    }
}

fn check_id(group: &KString) -> Result<(), GroupError> {
    if group.is_empty() { Err(GroupError::InvalidGroupId) } else { Ok(()) }
}

pub(super) fn written<T>((results, answer): (T, Answer)) -> Result<T, GroupError> {
    match answer {
        Answer::Written(result) => result.map(|()| results),
        other => unreachable!("a write is answered by {other:?}"),
    }
}
