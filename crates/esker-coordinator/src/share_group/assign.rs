//! Which member reads which partitions: every partition has at least one reader while anybody wants its topic, and nobody
//! has many more than another.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use esker_kafka_wire::KString;
use uuid::Uuid;

use super::State;
use crate::{consumer::Partitions, facts::ClusterFacts};

/// The assignor's name.
pub(super) const NAME: &str = "simple";

/// What each member is to have.
pub(super) type Targets = BTreeMap<KString, Arc<Partitions>>;

/// Gives each topic's partitions to the members that want it: with more members than partitions several share one, else
/// each has its own.
pub(super) fn assign(state: &State, facts: &dyn ClusterFacts) -> Targets {
    let mut wanted: BTreeMap<&KString, Vec<&KString>> = BTreeMap::new();
    for (id, member) in &state.members {
        for topic in &member.topics {
            wanted.entry(topic).or_default().push(id);
        }
    }
    let mut targets: BTreeMap<&KString, Partitions> = BTreeMap::new();
    // Where one topic's round ends the next one's begins, or many small topics would all be read by the first member.
    let mut turn = 0_usize;
    for (topic, members) in wanted {
        let Some(found) = facts.topic(topic) else { continue };
        let partitions = found.partitions as usize;
        let rounds = partitions.max(members.len());
        for round in 0..rounds {
            let member = members[(turn + round) % members.len()];
            // As many partitions as a request may name fit i32.
            let partition = i32::try_from(round % partitions.max(1)).unwrap_or(0);
            add(targets.entry(member).or_default(), found.id, partition);
        }
        turn += rounds;
    }
    targets.into_iter().map(|(id, target)| (id.clone(), Arc::new(target))).collect()
}

fn add(target: &mut Partitions, topic: Uuid, partition: i32) {
    target.entry(topic).or_default().insert(partition);
}

/// A number that is another one when the topics that members want have changed.
pub(super) fn topics_hash(state: &State, facts: &dyn ClusterFacts) -> i64 {
    let topics: BTreeSet<&KString> = state.members.values().flat_map(|member| member.topics.iter()).collect();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for name in topics {
        if let Some(topic) = facts.topic(name) {
            add(name.as_bytes());
            add(topic.id.as_bytes());
            add(&topic.partitions.to_be_bytes());
        }
    }
    hash.cast_signed()
}
