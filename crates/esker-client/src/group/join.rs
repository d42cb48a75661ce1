//! Joining: one rebalance from the member's side.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use esker_kafka_wire::messages::consumer_protocol_assignment::TopicPartition;
use esker_kafka_wire::messages::join_group_request::JoinGroupRequestProtocol;
use esker_kafka_wire::messages::sync_group_request::SyncGroupRequestAssignment;
use esker_kafka_wire::messages::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription, JoinGroupRequest, JoinGroupResponse,
    SyncGroupRequest,
};
use esker_kafka_wire::{ErrorCode, KString, decode_prefixed, encode_prefixed};

use super::assign::{Assignment, range};
use super::{GroupConsumer, Signal, heartbeat};
use crate::admin::{assigned, fetch_offsets};
use crate::retry::{Backoff, with_retry};
use crate::{ClientError, StartAt};

const PROTOCOL_TYPE: &str = "consumer";
const PROTOCOL: &str = "range";
/// Versions of the consumer's own structures: topics and partitions are all that eager range assignment needs.
const STRUCTURE_VERSION: i16 = 0;

impl GroupConsumer {
    /// Joins until it works.
    pub(super) async fn rejoin(&mut self) -> Result<(), ClientError> {
        // What is done is committed while the partitions are still ours. A refusal means that they no longer are.
        self.joined = self.member.generation >= 0;
        if let Err(error) = self.commit().await {
            tracing::debug!(%error, "could not commit before joining again");
        }
        self.joined = false;
        self.done.clear();
        self.consumer.assign([]);
        let env = self.client.env().clone();
        let mut backoff = Backoff::new(self.client.config(), &env);
        loop {
            let error = match self.join_once().await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            tracing::debug!(%error, "joining failed");
            let signal = Signal::of(&error);
            // Rebalances that overlap are no failure: the group moves on with us.
            if signal.is_none() && !error.is_retriable() {
                return Err(error);
            }
            self.heed(signal).await?;
            if !backoff.pause(&env).await {
                return Err(error);
            }
        }
    }

    async fn join_once(&mut self) -> Result<(), ClientError> {
        let connection = self.client.coordinator_connection(&self.config.group).await?;
        let mut joined = self.join(&connection).await?;
        if joined.error_code == ErrorCode::MemberIdRequired.code() {
            self.member.member = joined.member_id.as_str().to_owned();
            joined = self.join(&connection).await?;
        }
        ClientError::check(joined.error_code, None, || format!("joining group {:?}", self.config.group))?;
        self.member.member = joined.member_id.as_str().to_owned();
        self.member.generation = joined.generation_id;
        let assignments = if joined.leader == joined.member_id && !joined.skip_assignment {
            self.assign_all(&joined).await?
        } else {
            Vec::new()
        };
        let request = SyncGroupRequest {
            group_id: KString::from(self.config.group.as_str()),
            generation_id: joined.generation_id,
            member_id: joined.member_id.clone(),
            group_instance_id: self.config.instance.as_deref().map(KString::from),
            protocol_type: Some(KString::from_static(PROTOCOL_TYPE)),
            protocol_name: Some(joined.protocol_name.clone().unwrap_or_default()),
            assignments,
        };
        let synced = connection.start(&request, i16::MAX, self.config.rebalance_timeout)?.await?;
        ClientError::check(synced.error_code, None, || {
            format!("syncing with group {:?}", self.config.group)
        })?;
        self.take_over(synced.assignment).await
    }

    async fn join(&self, connection: &crate::Connection) -> Result<JoinGroupResponse, ClientError> {
        let mut topics: Vec<KString> =
            self.config.topics.iter().map(|topic| KString::from(&**topic)).collect();
        topics.sort();
        let subscription = ConsumerProtocolSubscription { topics, ..Default::default() };
        let millis = |limit: std::time::Duration| i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
        let request = JoinGroupRequest {
            group_id: KString::from(self.config.group.as_str()),
            session_timeout_ms: millis(self.config.session_timeout),
            rebalance_timeout_ms: millis(self.config.rebalance_timeout),
            member_id: KString::from(self.member.member.as_str()),
            group_instance_id: self.config.instance.as_deref().map(KString::from),
            protocol_type: KString::from_static(PROTOCOL_TYPE),
            protocols: vec![JoinGroupRequestProtocol {
                name: KString::from_static(PROTOCOL),
                metadata: encode_prefixed(&subscription, STRUCTURE_VERSION)?,
            }],
            reason: None,
        };
        connection.start(&request, i16::MAX, self.config.rebalance_timeout)?.await
    }

    /// As leader: who gets what.
    async fn assign_all(
        &self,
        joined: &JoinGroupResponse,
    ) -> Result<Vec<SyncGroupRequestAssignment>, ClientError> {
        let mut members = Vec::new();
        for member in &joined.members {
            let subscription = decode_prefixed::<ConsumerProtocolSubscription>(member.metadata.clone());
            let topics = match subscription {
                Ok((_, subscription)) => {
                    subscription.topics.iter().map(|topic| topic.as_str().to_owned()).collect()
                }
                Err(error) => {
                    tracing::warn!(member = %member.member_id, %error, "a subscription that makes no sense");
                    Vec::new()
                }
            };
            let order = member.group_instance_id.as_ref().unwrap_or(&member.member_id).as_str().to_owned();
            members.push((order, member.member_id.as_str().to_owned(), topics));
        }
        members.sort();
        let members: Vec<_> =
            members.into_iter().map(|(_, id, topics): (_, _, Vec<String>)| (id, topics)).collect();
        let mut names: Vec<&str> =
            members.iter().flat_map(|(_, topics)| topics).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        // Asked anew: partitions may have been added since the last rebalance.
        let cluster = self.client.refresh_once(Some(&names)).await?;
        let known = names.iter().filter_map(|name| cluster.topics.get(*name));
        let counts = known.map(|topic| (topic.name.to_string(), topic.partitions.len())).collect();
        encode(range(&members, &counts))
    }

    /// Starts with the partitions that this member got.
    async fn take_over(&mut self, assignment: Bytes) -> Result<(), ClientError> {
        let mine = if assignment.is_empty() { Some(BTreeMap::new()) } else { assigned(assignment) };
        let mine = mine.ok_or_else(|| ClientError::Malformed {
            address: format!("the leader of group {:?}", self.config.group),
            detail: "an assignment that makes no sense".into(),
        })?;
        let topics: BTreeMap<Arc<str>, Vec<i32>> =
            mine.into_iter().map(|(topic, partitions)| (Arc::from(topic), partitions)).collect();
        let group = &self.config.group;
        let committed = with_retry!(&self.client, {
            let connection = self.client.coordinator_connection(group).await?;
            fetch_offsets(&connection, group, Some(&topics)).await
        })?;
        let start = self.config.start;
        self.consumer.assign(topics.iter().flat_map(|(topic, partitions)| {
            partitions.iter().map(|partition| {
                let committed = committed.get(&(topic.clone(), *partition));
                let at = committed.map_or(start, |committed| StartAt::Offset(committed.offset));
                (topic.clone(), *partition, at)
            })
        }));
        self.joined = true;
        let heart = heartbeat::run(
            self.pulse.clone(),
            self.config.clone(),
            self.member.clone(),
            Arc::clone(&self.beat),
        );
        // The old one speaks for an old generation: it goes before its answers can confuse.
        self.heart = None;
        self.beat.take();
        self.heart = Some(self.client.env().tasks.spawn_guarded(heart));
        Ok(())
    }
}

fn encode(assignment: Assignment) -> Result<Vec<SyncGroupRequestAssignment>, ClientError> {
    let encoded = assignment.into_iter().map(|(member, topics)| {
        let assigned_partitions = topics
            .into_iter()
            .map(|(topic, partitions)| TopicPartition { topic: KString::from(topic), partitions })
            .collect();
        let assignment = ConsumerProtocolAssignment { assigned_partitions, ..Default::default() };
        Ok(SyncGroupRequestAssignment {
            member_id: KString::from(member),
            assignment: encode_prefixed(&assignment, STRUCTURE_VERSION)?,
        })
    });
    encoded.collect()
}
