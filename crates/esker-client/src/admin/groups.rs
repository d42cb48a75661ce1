//! Groups: list, describe, delete.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use esker_kafka_wire::messages::consumer_group_describe_response as modern;
use esker_kafka_wire::messages::describe_groups_response as classic;
use esker_kafka_wire::messages::{
    ConsumerGroupDescribeRequest, ConsumerProtocolAssignment, DeleteGroupsRequest, DescribeGroupsRequest,
    FindCoordinatorRequest, ListGroupsRequest,
};
use esker_kafka_wire::{ErrorCode, KString, decode_prefixed};

use crate::retry::with_retry;
use crate::{Client, ClientError, Connection};

/// A group in a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupListing {
    /// Its name.
    pub group: String,
    /// What its members agreed to speak, `consumer` for consumers.
    pub protocol_type: String,
    /// Its state, if the broker tells.
    pub state: String,
    /// `classic` or `consumer` and so on, if the broker tells.
    pub kind: String,
}

/// A group and its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDescription {
    /// Its name.
    pub group: String,
    /// Its state, such as `Stable`, `Empty`, `Dead`.
    pub state: String,
    /// `classic` or `consumer`.
    pub kind: String,
    /// How partitions are assigned.
    pub assignor: String,
    /// The broker that coordinates it.
    pub coordinator: String,
    /// Its members.
    pub members: Vec<GroupMember>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMember {
    /// Its id.
    pub member: String,
    /// Its instance id, if it is a static member.
    pub instance: Option<String>,
    /// What the client calls itself.
    pub client_id: String,
    /// Where it comes from.
    pub host: String,
    /// Partitions assigned to it, by topic.
    pub assignment: BTreeMap<String, Vec<i32>>,
}

/// What a coordinator is for; the numbers are the protocol's key types.
#[derive(Clone, Copy)]
pub(crate) enum CoordinatorOf {
    Group = 0,
    Transaction = 1,
}

impl CoordinatorOf {
    const fn noun(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Transaction => "transactional id",
        }
    }
}

impl Client {
    /// A connection to the broker that coordinates a group.
    ///
    /// # Errors
    /// No coordinator now (retriable), or transport.
    pub async fn coordinator_connection(&self, group: &str) -> Result<Arc<Connection>, ClientError> {
        self.coordinator_of(CoordinatorOf::Group, group).await
    }

    /// A connection to the broker that coordinates a group or a transactional id.
    pub(crate) async fn coordinator_of(
        &self,
        kind: CoordinatorOf,
        key: &str,
    ) -> Result<Arc<Connection>, ClientError> {
        let connection = self.any_connection().await?;
        let mut request =
            FindCoordinatorRequest { key_type: kind as i8, ..FindCoordinatorRequest::default() };
        if connection.version_of::<FindCoordinatorRequest>(i16::MAX)? >= 4 {
            request.coordinator_keys = vec![KString::from(key)];
        } else {
            request.key = KString::from(key);
        }
        let response = connection.call(&request).await?;
        let what = || format!("looking for the coordinator of {} {key:?}", kind.noun());
        let (code, message, host, port) = match response.coordinators.first() {
            Some(found) => (found.error_code, &found.error_message, &found.host, found.port),
            None => (response.error_code, &response.error_message, &response.host, response.port),
        };
        ClientError::check(code, message.as_deref(), what)?;
        let broker = crate::Broker { id: -1, host: host.as_str().to_owned(), port, rack: None };
        self.connection_to(&broker.address()).await
    }

    /// Groups of all brokers, in one of these states and of one of these kinds; an empty list leaves out none.
    ///
    /// # Errors
    /// A broker does not answer, or does not know the filters.
    pub async fn list_groups(
        &self,
        states: &[String],
        kinds: &[String],
    ) -> Result<Vec<GroupListing>, ClientError> {
        let names = |names: &[String]| names.iter().map(|name| KString::from(name.as_str())).collect();
        let request = ListGroupsRequest { states_filter: names(states), types_filter: names(kinds) };
        with_retry!(self, {
            let mut all = BTreeSet::new();
            for broker in self.cluster().brokers.keys() {
                let response = self.connection(*broker).await?.call(&request).await?;
                ClientError::check(response.error_code, None, || {
                    format!("listing groups of broker {broker}")
                })?;
                all.extend(response.groups.iter().map(|raw| GroupListing {
                    group: raw.group_id.as_str().to_owned(),
                    protocol_type: raw.protocol_type.as_str().to_owned(),
                    state: raw.group_state.as_str().to_owned(),
                    kind: raw.group_type.as_str().to_lowercase(),
                }));
            }
            Ok(all.into_iter().collect())
        })
    }

    /// A group, whichever protocol its members speak. One that does not exist is `Dead`, as brokers have it.
    ///
    /// # Errors
    /// The coordinator refuses or does not answer.
    pub async fn describe_group(&self, group: &str) -> Result<GroupDescription, ClientError> {
        with_retry!(self, {
            let connection = self.coordinator_connection(group).await?;
            match describe_modern(&connection, group).await? {
                Some(description) => Ok(description),
                None => describe_classic(&connection, group).await,
            }
        })
    }

    /// Deletes a group without members, and its offsets.
    ///
    /// # Errors
    /// It has members or does not exist.
    pub async fn delete_group(&self, group: &str) -> Result<(), ClientError> {
        let request = DeleteGroupsRequest { groups_names: vec![KString::from(group)] };
        with_retry!(self, {
            let response = self.coordinator_connection(group).await?.call(&request).await?;
            for result in &response.results {
                ClientError::check(result.error_code, None, || format!("deleting group {group:?}"))?;
            }
            Ok(())
        })
    }
}

/// Asks in the newer protocol's words; `None` when the broker or the group does not speak it.
async fn describe_modern(
    connection: &Connection,
    group: &str,
) -> Result<Option<GroupDescription>, ClientError> {
    if connection.version_of::<ConsumerGroupDescribeRequest>(i16::MAX).is_err() {
        return Ok(None);
    }
    let request =
        ConsumerGroupDescribeRequest { group_ids: vec![KString::from(group)], ..Default::default() };
    let response = connection.call(&request).await?;
    let Some(raw) = response.groups.first() else { return Ok(None) };
    match ErrorCode::from_code(raw.error_code) {
        Some(ErrorCode::GroupIdNotFound | ErrorCode::UnsupportedVersion | ErrorCode::InvalidGroupId) => {
            return Ok(None);
        }
        _ => ClientError::check(raw.error_code, raw.error_message.as_deref(), || {
            format!("describing group {group:?}")
        })?,
    }
    Ok(Some(GroupDescription {
        group: group.to_owned(),
        state: raw.group_state.as_str().to_owned(),
        kind: "consumer".into(),
        assignor: raw.assignor_name.as_str().to_owned(),
        coordinator: connection.address().to_owned(),
        members: raw.members.iter().map(modern_member).collect(),
    }))
}

fn modern_member(raw: &modern::Member) -> GroupMember {
    let topics = raw.assignment.topic_partitions.iter();
    GroupMember {
        member: raw.member_id.as_str().to_owned(),
        instance: raw.instance_id.as_ref().map(|id| id.as_str().to_owned()),
        client_id: raw.client_id.as_str().to_owned(),
        host: raw.client_host.as_str().to_owned(),
        assignment: topics
            .map(|topic| (topic.topic_name.as_str().to_owned(), topic.partitions.clone()))
            .collect(),
    }
}

async fn describe_classic(connection: &Connection, group: &str) -> Result<GroupDescription, ClientError> {
    let request = DescribeGroupsRequest { groups: vec![KString::from(group)], ..Default::default() };
    let response = connection.call(&request).await?;
    let raw = response.groups.first().ok_or_else(|| ClientError::Malformed {
        address: connection.address().to_owned(),
        detail: format!("no description of group {group:?}"),
    })?;
    let dead = raw.error_code == ErrorCode::GroupIdNotFound.code();
    if !dead {
        let what = || format!("describing group {group:?}");
        ClientError::check(raw.error_code, raw.error_message.as_deref(), what)?;
    }
    Ok(GroupDescription {
        group: group.to_owned(),
        state: if dead { "Dead".into() } else { raw.group_state.as_str().to_owned() },
        kind: "classic".into(),
        assignor: raw.protocol_data.as_str().to_owned(),
        coordinator: connection.address().to_owned(),
        members: raw.members.iter().map(classic_member).collect(),
    })
}

fn classic_member(raw: &classic::DescribedGroupMember) -> GroupMember {
    GroupMember {
        member: raw.member_id.as_str().to_owned(),
        instance: raw.group_instance_id.as_ref().map(|id| id.as_str().to_owned()),
        client_id: raw.client_id.as_str().to_owned(),
        host: raw.client_host.as_str().to_owned(),
        assignment: assigned(raw.member_assignment.clone()).unwrap_or_default(),
    }
}

/// The partitions in a consumer's assignment; `None` when it is of another protocol.
pub(crate) fn assigned(bytes: Bytes) -> Option<BTreeMap<String, Vec<i32>>> {
    let (_, assignment) = decode_prefixed::<ConsumerProtocolAssignment>(bytes).ok()?;
    let topics = assignment.assigned_partitions.into_iter();
    Some(topics.map(|topic| (topic.topic.as_str().to_owned(), topic.partitions)).collect())
}
