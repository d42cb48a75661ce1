//! Which stores hold a new ledger.

use std::collections::{BTreeMap, BTreeSet};

use esker_core::{BrokerId, StoreId};
use esker_meta::{MembershipView, StoreState};

use crate::{grpc_endpoint, placement::mix};

/// How often everything is stored. W does not shrink with the cluster: an acknowledgement always means W stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replication {
    /// R: stores of a ledger, when there are so many; at least W.
    pub factor: usize,
    /// W: stores that hold a frame before it is acknowledged; at least 1.
    pub write_quorum: usize,
}

/// A store that can take ledgers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The store.
    pub store: StoreId,
    /// The failure domain of the broker that serves it.
    pub rack: Option<String>,
}

/// Different sets of other stores that one broker spreads its ledgers over. Few, so that few combinations of failures
/// hit a ledger; more than one, so that a broker's readers and recoveries do not all depend on the same two peers.
const SETS_PER_BROKER: u64 = 2;

/// The stores of living brokers that may take new ledgers: neither being drained nor declared lost.
#[must_use]
pub fn candidates(view: &MembershipView) -> Vec<Candidate> {
    let active =
        |store: StoreId| view.stores.get(&store).is_some_and(|found| found.state == StoreState::Active);
    let serving = view.sessions.values().filter(|session| grpc_endpoint(session).is_some());
    serving
        .filter(|session| active(session.record.store))
        .map(|session| Candidate { store: session.record.store, rack: session.record.rack.clone() })
        .collect()
}

/// The stores of a broker's next ledger: its own first, then others, as many as there are up to R, of different racks
/// as far as there are such. `None` when that makes fewer than W: then nothing can be acknowledged, and the caller waits
/// for more stores.
///
/// The own store is taken whatever its state, since the broker serves reads from it; `avoid` names others that must not
/// be taken (those that lag, or just failed). `nonce` differs from ledger to ledger.
///
/// # Panics
/// When the replication is not `1 <= W <= R`.
#[must_use]
pub fn choose_copyset(
    candidates: &[Candidate],
    own: &Candidate,
    replication: Replication,
    avoid: &BTreeSet<StoreId>,
    (broker, nonce): (BrokerId, u64),
) -> Option<Vec<StoreId>> {
    let Replication { factor, write_quorum } = replication;
    assert!(1 <= write_quorum && write_quorum <= factor, "1 <= W <= R");
    let seed = mix(mix(broker.0.unsigned_abs().into()) ^ (nonce % SETS_PER_BROKER));
    // Rendezvous: each store has its own number for this seed, so one that comes or goes changes nothing else.
    let mut others: BTreeMap<(u64, StoreId), &Candidate> = candidates
        .iter()
        .filter(|candidate| candidate.store != own.store && !avoid.contains(&candidate.store))
        .map(|candidate| ((weight(seed, candidate.store), candidate.store), candidate))
        .collect();
    let mut chosen = vec![own.store];
    let mut racks: BTreeSet<&String> = own.rack.iter().collect();
    while chosen.len() < factor {
        let elsewhere = |other: &&Candidate| other.rack.as_ref().is_some_and(|rack| !racks.contains(rack));
        let next = others.iter().find(|(_, other)| elsewhere(other)).or_else(|| others.first_key_value());
        let Some((key, candidate)) = next.map(|(key, candidate)| (*key, *candidate)) else { break };
        others.remove(&key);
        racks.extend(&candidate.rack);
        chosen.push(candidate.store);
    }
    (chosen.len() >= write_quorum).then_some(chosen)
}

fn weight(seed: u64, store: StoreId) -> u64 {
    let (high, low) = store.0.as_u64_pair();
    mix(mix(seed ^ high) ^ low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stores(count: u8, racks: u8) -> Vec<Candidate> {
        let rack = |id: u8| (racks > 0).then(|| format!("rack {}", id % racks.max(1)));
        (0..count).map(|id| Candidate { store: StoreId::from_random([id; 16]), rack: rack(id) }).collect()
    }

    const THREE: Replication = Replication { factor: 3, write_quorum: 2 };

    fn choose(stores: &[Candidate], own: usize, nonce: u64) -> Option<Vec<StoreId>> {
        choose_copyset(stores, &stores[own], THREE, &BTreeSet::new(), (BrokerId(own as i32), nonce))
    }

    #[test]
    fn a_copyset_has_the_own_store_first_and_different_racks() {
        let stores = stores(9, 3);
        for own in 0..9 {
            for nonce in 0..4 {
                let chosen = choose(&stores, own, nonce).unwrap();
                assert_eq!((chosen[0], chosen.len()), (stores[own].store, 3));
                let rack =
                    |id: &StoreId| stores.iter().find(|store| store.store == *id).unwrap().rack.clone();
                assert_eq!(chosen.iter().map(rack).collect::<BTreeSet<_>>().len(), 3);
                assert_eq!(choose(&stores, own, nonce), Some(chosen), "the same again");
            }
        }
    }

    #[test]
    fn fewer_stores_than_r_will_do_and_fewer_than_w_will_not() {
        let few = stores(2, 1);
        assert_eq!(choose(&few, 0, 0).unwrap().len(), 2);
        assert_eq!(choose(&few[..1], 0, 0), None);
        let one = Replication { factor: 1, write_quorum: 1 };
        let alone = choose_copyset(&few, &few[0], one, &BTreeSet::new(), (BrokerId(0), 0));
        assert_eq!(alone, Some(vec![few[0].store]));
        let four = stores(4, 0);
        let avoid = [four[1].store, four[2].store].into();
        let chosen = choose_copyset(&four, &four[0], THREE, &avoid, (BrokerId(0), 0)).unwrap();
        assert_eq!(chosen, [four[0].store, four[3].store]);
    }

    #[test]
    fn there_are_few_copysets_and_every_store_is_in_its_share_of_them() {
        let stores = stores(30, 3);
        let mut sets = BTreeSet::new();
        let mut uses = BTreeMap::new();
        for own in 0..30 {
            for nonce in 0..50 {
                let chosen = choose(&stores, own, nonce).unwrap();
                sets.insert(chosen.iter().copied().collect::<BTreeSet<_>>());
                chosen.into_iter().for_each(|store| *uses.entry(store).or_insert(0) += 1);
            }
        }
        // Of 4060 triples there are.
        assert!(sets.len() <= 60, "{}", sets.len());
        let (least, most) = (uses.values().min().unwrap(), uses.values().max().unwrap());
        assert_eq!(uses.len(), 30);
        // 150 on average.
        assert!(*least >= 50 && *most <= 350, "{least} to {most}");
    }
}
