//! Members of the classic protocol in a consumer group: while a group migrates, one process after another. The group
//! assigns for them too; what they know as a rebalance is their way to the next epoch, and their generation is their
//! member epoch.

use esker_kafka_wire::{
    KString, Message, Reader, encode_prefixed,
    messages::{
        ConsumerProtocolAssignment, ConsumerProtocolSubscription,
        consumer_protocol_assignment::TopicPartition,
    },
    stored_prefix,
};
use uuid::Uuid;

use super::{
    ConsumerGroup, Timer,
    heartbeat::Claim,
    member::{ClassicPart, Member, MemberState},
    partitions::Owned,
};
use crate::{
    effects::Cx,
    error::GroupError,
    facts::ClusterFacts,
    group::{CONSUMER, MAX_PROTOCOLS, copy_protocols},
    types::{JoinAnswer, JoinRequest, Leaver, MemberRef, Protocol, SyncAnswer, SyncRequest, TopicPartitions},
};

impl ConsumerGroup {
    /// A member of the classic protocol joins, or joins again. An error leaves the group as it was.
    pub(super) fn join(&mut self, cx: &mut Cx<'_>, group: &KString, request: &JoinRequest) -> JoinAnswer {
        let unknown = request.member_id.is_empty();
        let member_id = if unknown {
            let unique = uuid::Builder::from_random_bytes(cx.random.bytes16()).into_uuid();
            KString::from(unique.to_string())
        } else {
            request.member_id.compact()
        };
        let joined = self.join_as(cx, group, request, &member_id, unknown);
        joined.unwrap_or_else(|error| {
            let known = error == GroupError::MemberIdRequired || !unknown;
            JoinAnswer::refused(error, if known { member_id } else { KString::new() })
        })
    }

    fn join_as(
        &mut self,
        cx: &mut Cx<'_>,
        group: &KString,
        request: &JoinRequest,
        id: &KString,
        unknown: bool,
    ) -> Result<JoinAnswer, GroupError> {
        if request.protocol_type != CONSUMER || !self.supports(&request.protocols) {
            return Err(GroupError::InconsistentProtocol);
        }
        if request.protocols.len() > MAX_PROTOCOLS {
            return Err(GroupError::Limit);
        }
        let fixed = request.instance_id.is_some();
        if unknown && !fixed && request.knows_member_id_required {
            if self.state.members.len() >= cx.config.consumer.max_members {
                return Err(GroupError::GroupFull);
            }
            return Err(GroupError::MemberIdRequired);
        }
        let subscription =
            read_subscription(&request.protocols[0]).ok_or(GroupError::InconsistentProtocol)?;
        let claim = Claim {
            member_id: id,
            instance_id: request.instance_id.as_ref(),
            joins: unknown || !fixed,
            classic: true,
        };
        let before = self.claim(cx, &claim)?;
        let member = updated(&before, request, &subscription);
        self.check_room(cx, &before, &member)?;
        let changed = self.take_member(cx, id, &before, member)?;
        self.assign(cx, changed);
        let owned = owned_of(&subscription, cx.facts());
        self.reconcile(cx, id, changed, Some(&owned))?;
        self.timers.cancel(&Timer::Join(id.clone()));
        self.touch(cx, group, id);
        self.timers.set(Timer::Sync(id.clone()), cx.now.monotonic + request.rebalance_timeout);

        let member = self.state.member(id).expect("just put there");
        Ok(JoinAnswer {
            error: None,
            member_id: id.clone(),
            generation: member.epoch,
            protocol_type: Some(KString::from_static(CONSUMER)),
            protocol: Some(request.protocols[0].name.compact()),
            // The group assigns: nobody leads.
            leader: KString::new(),
            skip_assignment: false,
            members: Vec::new(),
        })
    }

    /// Whether one of the protocols is known to all members of the classic protocol: they may be alone again some day.
    fn supports(&self, protocols: &[Protocol]) -> bool {
        let classic: Vec<&ClassicPart> =
            self.state.members.values().filter_map(|member| member.classic.as_ref()).collect();
        let known =
            |name: &KString, part: &ClassicPart| part.protocols.iter().any(|known| known.name == *name);
        protocols.iter().any(|protocol| classic.iter().all(|part| known(&protocol.name, part)))
    }

    /// A member asks for its assignment.
    pub(super) fn sync(
        &mut self,
        cx: &mut Cx<'_>,
        group: &KString,
        request: &SyncRequest,
    ) -> Result<SyncAnswer, GroupError> {
        let (id, member) = self.check_classic(&request.member)?;
        let classic = member.classic.as_ref().expect("checked");
        let protocol = classic.protocols.first().cloned();
        let differs =
            |given: &Option<KString>, ours: &str| given.as_ref().is_some_and(|given| *given != ours);
        if differs(&request.protocol_type, CONSUMER)
            || protocol.as_ref().is_some_and(|protocol| differs(&request.protocol, &protocol.name))
        {
            return Err(GroupError::InconsistentProtocol);
        }
        // One that is letting go has joined already, and joins again when it has.
        if self.state.epoch > member.epoch && member.state != MemberState::Unrevoked {
            let timeout = member.rebalance_timeout;
            self.expect_join(cx, &id, timeout);
            return Err(GroupError::RebalanceInProgress);
        }
        let version = protocol.as_ref().and_then(|protocol| stored_prefix(&protocol.metadata).ok());
        let assignment = assignment_bytes(&member.assigned, version.unwrap_or(0), cx.facts());
        self.timers.cancel(&Timer::Sync(id.clone()));
        self.touch(cx, group, &id);
        Ok(SyncAnswer {
            protocol_type: request.protocol_type.as_ref().map(KString::compact),
            protocol: request.protocol.as_ref().map(KString::compact),
            assignment: assignment.ok_or(GroupError::TooLarge)?,
        })
    }

    /// A sign of life, and how the member learns that it is to join again: because it lags behind, has to let go of
    /// something, or what it waits for is free.
    pub(crate) fn classic_heartbeat(
        &mut self,
        cx: &mut Cx<'_>,
        group: &KString,
        member: &MemberRef,
    ) -> Result<(), GroupError> {
        let (id, member) = self.check_classic(member)?;
        let timeout = member.rebalance_timeout;
        let rejoins = member.epoch < self.state.epoch
            || member.state == MemberState::Unrevoked
            || (member.state == MemberState::Unreleased && !self.waits_for_others(&id, member));
        self.touch(cx, group, &id);
        if rejoins {
            self.expect_join(cx, &id, timeout);
            return Err(GroupError::RebalanceInProgress);
        }
        Ok(())
    }

    /// Whether something that the member is to have is not free.
    fn waits_for_others(&self, id: &KString, member: &Member) -> bool {
        self.state.target(id).iter().any(|(topic, partitions)| {
            partitions.iter().any(|partition| {
                !super::contains(&member.assigned, *topic, *partition)
                    && !self.state.is_free(*topic, *partition)
            })
        })
    }

    fn expect_join(&mut self, cx: &Cx<'_>, id: &KString, timeout: std::time::Duration) {
        let timer = Timer::Join(id.clone());
        if self.timers.get(&timer).is_none() {
            self.timers.set(timer, cx.now.monotonic + timeout);
        }
    }

    /// A member of the classic protocol that says the right things about itself.
    fn check_classic(&self, asked: &MemberRef) -> Result<(KString, &Member), GroupError> {
        if let Some(instance_id) = &asked.instance_id {
            match self.state.statics.get(instance_id) {
                None => return Err(GroupError::UnknownMember),
                Some(current) if *current != asked.member_id => return Err(GroupError::FencedInstance),
                Some(_) => {}
            }
        }
        let found = self.state.members.get_key_value(&asked.member_id);
        let (id, member) = found.ok_or(GroupError::UnknownMember)?;
        if member.classic.is_none() {
            return Err(GroupError::UnknownMember);
        }
        if member.epoch != asked.generation {
            return Err(GroupError::IllegalGeneration);
        }
        Ok((id.clone(), member))
    }

    /// The member that is to be taken out by a request of the classic protocol: one of that protocol, or whoever an
    /// administrator names by its instance id.
    pub(super) fn leaver(&self, leaver: &Leaver) -> Result<KString, GroupError> {
        let of_instance = leaver.instance_id.as_ref().map(|instance| self.state.statics.get(instance));
        if leaver.member_id.is_empty() {
            return of_instance.flatten().cloned().ok_or(GroupError::UnknownMember);
        }
        match of_instance {
            Some(None) => return Err(GroupError::UnknownMember),
            Some(Some(current)) if *current != leaver.member_id => return Err(GroupError::FencedInstance),
            _ => {}
        }
        let found = self.state.members.get_key_value(&leaver.member_id);
        let classic = found.filter(|(_, member)| member.classic.is_some());
        classic.map(|(id, _)| id.clone()).ok_or(GroupError::UnknownMember)
    }
}

/// The member with what its join says.
fn updated(before: &Member, request: &JoinRequest, subscription: &ConsumerProtocolSubscription) -> Member {
    let mut member = before.clone();
    if request.instance_id.is_some() {
        member.instance_id = request.instance_id.as_ref().map(KString::compact);
    }
    if let Some(rack) = subscription.rack_id.as_ref().filter(|rack| !rack.is_empty()) {
        member.rack = Some(rack.compact());
    }
    member.rebalance_timeout = request.rebalance_timeout;
    member.topics = subscription.topics.iter().map(KString::compact).collect();
    member.regex = None;
    member.client_id = request.client_id.compact();
    member.client_host = request.client_host.compact();
    member.classic = Some(ClassicPart {
        session_timeout: request.session_timeout,
        protocols: copy_protocols(&request.protocols),
    });
    member
}

/// What a consumer says to the assignor; of every protocol that it knows, the same.
pub(super) fn read_subscription(protocol: &Protocol) -> Option<ConsumerProtocolSubscription> {
    let version = stored_prefix(&protocol.metadata).ok()?;
    let version = version.clamp(0, ConsumerProtocolSubscription::MAX_VERSION);
    let mut reader = Reader::new(protocol.metadata.slice(2..));
    ConsumerProtocolSubscription::decode(&mut reader, version).ok()
}

/// What a consumer says it has.
fn owned_of(subscription: &ConsumerProtocolSubscription, facts: &dyn ClusterFacts) -> TopicPartitions {
    let known = |name: &KString| facts.topic(name).map(|topic| topic.id);
    let owned = subscription.owned_partitions.iter();
    owned.filter_map(|topic| Some((known(&topic.topic)?, topic.partitions.clone()))).collect()
}

/// An assignment in the form of the classic protocol, by topic names. Topics that are gone have none.
pub(super) fn assignment_bytes(
    assigned: &Owned,
    version: i16,
    facts: &dyn ClusterFacts,
) -> Option<bytes::Bytes> {
    let named = |topic: &Uuid| facts.topic_name(*topic);
    let assigned_partitions = assigned
        .iter()
        .filter_map(|(topic, partitions)| {
            Some(TopicPartition { topic: named(topic)?, partitions: partitions.keys().copied().collect() })
        })
        .collect();
    let version = version.clamp(0, ConsumerProtocolAssignment::MAX_VERSION);
    encode_prefixed(&ConsumerProtocolAssignment { assigned_partitions, user_data: None }, version).ok()
}
