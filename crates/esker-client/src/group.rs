//! Membership in a consumer group, by the classic protocol with eager rebalancing and range assignment.
//!
//! A rebalance is: commit what is done, join, (as leader) assign, sync, read the committed offsets, go on. A task sends
//! heartbeats in between and tells [`GroupConsumer::poll`] when the group wants everyone to join again.

mod assign;
mod heartbeat;
mod join;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use esker_env::{Monotonic, TaskGuard};
use esker_kafka_wire::messages::LeaveGroupRequest;
use esker_kafka_wire::messages::leave_group_request::MemberIdentity;
use esker_kafka_wire::{ErrorCode, KString};

use crate::admin::{Committer, commit};
use crate::retry::with_retry;
use crate::{Client, ClientError, Consumer, ConsumerConfig, Polled, StartAt};
use heartbeat::{Beat, Signal};

/// Plain settings of a group member.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    /// The group.
    pub group: String,
    /// Topics to read.
    pub topics: Vec<Arc<str>>,
    /// Where to start in a partition without a committed offset.
    pub start: StartAt,
    /// A fixed identity: the member may come back within the session timeout without a rebalance.
    pub instance: Option<String>,
    /// How long the group waits for a heartbeat.
    pub session_timeout: Duration,
    /// How long the group waits for members to join again.
    pub rebalance_timeout: Duration,
    /// Time between heartbeats.
    pub heartbeat: Duration,
    /// Time between commits of what is done; `None` for only when told, at rebalances and at the end.
    pub auto_commit: Option<Duration>,
}

impl GroupConfig {
    /// The usual settings.
    #[must_use]
    pub fn new<'a>(group: &str, topics: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            group: group.to_owned(),
            topics: topics.into_iter().map(Arc::from).collect(),
            start: StartAt::Latest,
            instance: None,
            session_timeout: Duration::from_secs(45),
            rebalance_timeout: Duration::from_secs(60),
            heartbeat: Duration::from_secs(3),
            auto_commit: Some(Duration::from_secs(5)),
        }
    }
}

type Offsets = BTreeMap<(Arc<str>, i32), i64>;

/// A member of a consumer group.
pub struct GroupConsumer {
    /// Connections for the coordinator: a join that waits for others must not hold up fetches.
    client: Client,
    /// And others for heartbeats, which must not wait for a join either.
    pulse: Client,
    consumer: Consumer,
    config: GroupConfig,
    member: Committer,
    joined: bool,
    beat: Arc<Beat>,
    heart: Option<TaskGuard>,
    /// What the caller is done with and is not committed yet.
    done: Offsets,
    next_commit: Monotonic,
}

impl GroupConsumer {
    /// A member that joins at the first [`GroupConsumer::poll`].
    ///
    /// # Errors
    /// Settings that contradict each other.
    pub fn new(client: &Client, consumer: ConsumerConfig, config: GroupConfig) -> Result<Self, ClientError> {
        if config.group.is_empty() || config.topics.is_empty() {
            return Err(ClientError::Settings("a group member needs a group and at least one topic".into()));
        }
        if config.heartbeat * 2 > config.session_timeout {
            return Err(ClientError::Settings("the session timeout must hold two heartbeats".into()));
        }
        let member = Committer { instance: config.instance.clone(), ..Committer::default() };
        Ok(Self {
            client: client.fork(),
            pulse: client.fork(),
            consumer: Consumer::new(client, consumer),
            config,
            member,
            joined: false,
            beat: Arc::default(),
            heart: None,
            done: Offsets::new(),
            next_commit: Monotonic::default(),
        })
    }

    /// The partitions that this member has now, and their positions.
    #[must_use]
    pub fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    /// Joins or rejoins where needed, then waits up to `limit` for records.
    ///
    /// # Errors
    /// What retries cannot mend, as for [`Consumer::poll`]; and being fenced by another member of the same instance.
    pub async fn poll(&mut self, limit: Duration) -> Result<Vec<Polled>, ClientError> {
        self.heed(self.beat.take()).await?;
        if !self.joined {
            self.rejoin().await?;
        }
        let now = self.client.env().clock.now();
        if self.config.auto_commit.is_some() && now >= self.next_commit {
            self.commit().await?;
        }
        let beat = Arc::clone(&self.beat);
        tokio::select! {
            biased;
            polled = self.consumer.poll(limit) => polled,
            () = beat.signalled() => Ok(Vec::new()),
        }
    }

    /// Says that everything of a partition before `next` may be committed.
    pub fn mark_done(&mut self, topic: &Arc<str>, partition: i32, next: i64) {
        self.done.insert((Arc::clone(topic), partition), next);
    }

    /// Commits what is done. What a rebalance prevents stays with the next owner of the partition.
    ///
    /// # Errors
    /// The coordinator refuses for good or cannot be reached in time.
    pub async fn commit(&mut self) -> Result<(), ClientError> {
        if let Some(every) = self.config.auto_commit {
            self.next_commit = self.client.env().clock.now() + every;
        }
        if self.done.is_empty() || !self.joined {
            return Ok(());
        }
        let (group, member, done) = (&self.config.group, &self.member, &self.done);
        let committed = with_retry!(&self.client, {
            let connection = self.client.coordinator_connection(group).await?;
            commit(&connection, group, member, done).await
        });
        match committed {
            Ok(()) => self.done.clear(),
            Err(error) => self.heed(Some(Signal::of(&error).ok_or(error)?)).await?,
        }
        Ok(())
    }

    /// Commits what is done and leaves the group.
    ///
    /// # Errors
    /// The commit failed; the member has left anyway.
    pub async fn close(mut self) -> Result<(), ClientError> {
        let committed = self.commit().await;
        self.heart = None;
        // A static member stays until its session ends.
        if !self.member.member.is_empty()
            && self.member.instance.is_none()
            && let Err(error) = self.leave().await
        {
            tracing::debug!(%error, "the group will notice by itself");
        }
        committed
    }

    async fn leave(&self) -> Result<(), ClientError> {
        let connection = self.client.coordinator_connection(&self.config.group).await?;
        let member_id = KString::from(self.member.member.as_str());
        let mut request =
            LeaveGroupRequest { group_id: KString::from(self.config.group.as_str()), ..Default::default() };
        if connection.version_of::<LeaveGroupRequest>(i16::MAX)? >= 3 {
            request.members = vec![MemberIdentity { member_id, ..Default::default() }];
        } else {
            request.member_id = member_id;
        }
        let response = connection.call(&request).await?;
        ClientError::check(response.error_code, None, || format!("leaving group {:?}", self.config.group))
    }

    /// Does what the coordinator asked for through a heartbeat or a commit.
    async fn heed(&mut self, signal: Option<Signal>) -> Result<(), ClientError> {
        match signal {
            None => {}
            Some(Signal::Rejoin) => self.joined = false,
            Some(Signal::Lost) => {
                self.joined = false;
                self.done.clear();
                self.member.member.clear();
                self.member.generation = -1;
            }
            Some(Signal::Fenced) => {
                return Err(ClientError::Refused {
                    what: format!("being a member of group {:?}", self.config.group),
                    code: ErrorCode::FencedInstanceId,
                    message: Some("another member has taken this instance id".into()),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
