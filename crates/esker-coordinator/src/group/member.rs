//! A member of a group.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use esker_kafka_wire::KString;

use crate::{
    effects::Token,
    types::{JoinRequest, Protocol},
    usage::MEMBER,
};

/// A member.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) instance_id: Option<KString>,
    pub(crate) client_id: KString,
    pub(crate) client_host: KString,
    pub(crate) session_timeout: Duration,
    pub(crate) rebalance_timeout: Duration,
    pub(crate) protocols: Vec<Protocol>,
    pub(crate) assignment: Bytes,
    /// Its join waits for the end of the join phase.
    pub(crate) awaiting_join: Option<Token>,
    /// Its sync waits for the leader's assignment.
    pub(crate) awaiting_sync: Option<Token>,
    /// It has never had an answer, so it cannot send heartbeats, and its waiting join does not keep it alive.
    pub(crate) is_new: bool,
}

impl Member {
    /// A new member. Everything is copied: it outlives the request that it is a slice of.
    pub(crate) fn new(request: &JoinRequest, token: Token) -> Self {
        Self {
            instance_id: request.instance_id.as_ref().map(KString::compact),
            client_id: request.client_id.compact(),
            client_host: request.client_host.compact(),
            session_timeout: request.session_timeout,
            rebalance_timeout: request.rebalance_timeout,
            protocols: copy_protocols(&request.protocols),
            assignment: Bytes::new(),
            awaiting_join: Some(token),
            awaiting_sync: None,
            is_new: true,
        }
    }

    /// Bytes in memory.
    pub(crate) fn weight(&self) -> usize {
        let names = self.client_id.len() + self.client_host.len();
        let instance = self.instance_id.as_ref().map_or(0, |id| id.len());
        MEMBER + names + instance + weight_of(&self.protocols) + self.assignment.len()
    }

    pub(crate) fn knows(&self, protocol: &KString) -> bool {
        self.protocols.iter().any(|known| known.name == *protocol)
    }

    /// What it says to the assignor of this protocol.
    pub(crate) fn metadata(&self, protocol: &KString) -> Bytes {
        let found = self.protocols.iter().find(|known| known.name == *protocol);
        found.map(|known| known.metadata.clone()).unwrap_or_default()
    }

    /// The protocol it likes best among these.
    pub(crate) fn vote(&self, candidates: &BTreeSet<KString>) -> Option<&KString> {
        self.protocols.iter().map(|protocol| &protocol.name).find(|name| candidates.contains(*name))
    }

    /// Whether a missed session is no reason to remove it: it waits for us, not we for it.
    pub(crate) fn is_excused(&self) -> bool {
        !self.is_new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }
}

/// Bytes in memory.
pub(crate) fn weight_of(protocols: &[Protocol]) -> usize {
    protocols
        .iter()
        .map(|protocol| size_of::<Protocol>() + protocol.name.len() + protocol.metadata.len())
        .sum()
}

/// Copies, and keeps the first of protocols with the same name.
pub(crate) fn copy_protocols(protocols: &[Protocol]) -> Vec<Protocol> {
    let mut copies: Vec<Protocol> = Vec::with_capacity(protocols.len());
    for protocol in protocols {
        if !copies.iter().any(|known| known.name == protocol.name) {
            copies.push(Protocol {
                name: protocol.name.compact(),
                metadata: Bytes::copy_from_slice(&protocol.metadata),
            });
        }
    }
    copies
}
