//! Records and their bytes: round trips, and bytes from somebody else.

use std::collections::BTreeSet;

use bytes::Bytes;
use esker_core::{
    BrokerId, ClusterId, Epoch, FrameIndex, LedgerId, Mode, SessionId, ShardId, StoreId, TopicId, TopicNumber,
};
use proptest::{collection, option, prelude::*};
use uuid::Uuid;

use crate::{counter::Counter, *};

fn uuid() -> impl Strategy<Value = Uuid> {
    (1..=u128::MAX).prop_map(Uuid::from_u128)
}

fn broker() -> impl Strategy<Value = BrokerId> {
    (0..=i32::MAX).prop_map(BrokerId)
}

fn ledger_id() -> impl Strategy<Value = LedgerId> {
    (broker(), any::<u64>()).prop_map(|(broker, number)| LedgerId { broker, number })
}

fn cluster() -> impl Strategy<Value = Cluster> {
    (uuid(), 1..=Cluster::MAX_SHARDS).prop_map(|(id, shards)| Cluster {
        id: ClusterId(id),
        shards,
        format_version: Cluster::FORMAT_VERSION,
    })
}

fn session() -> impl Strategy<Value = SessionRecord> {
    let endpoint =
        (".*", ".*", 1..=u16::MAX).prop_map(|(listener, host, port)| Endpoint { listener, host, port });
    (broker(), collection::vec(endpoint, 0..4), option::of(".+"), uuid()).prop_map(
        |(broker, endpoints, rack, store)| SessionRecord { broker, endpoints, rack, store: StoreId(store) },
    )
}

fn store() -> impl Strategy<Value = StoreRecord> {
    let states = vec![StoreState::Active, StoreState::Draining, StoreState::Lost];
    (uuid(), broker(), proptest::sample::select(states)).prop_map(|(id, broker, state)| StoreRecord {
        id: StoreId(id),
        broker,
        state,
    })
}

fn ledger() -> impl Strategy<Value = LedgerRecord> {
    let modes = vec![Mode::Fsync, Mode::Received, Mode::Throughput, Mode::Diskless];
    let copyset = collection::btree_set(uuid(), 1..=LedgerRecord::MAX_COPYSET);
    let state = option::of(any::<u64>()).prop_map(|end| match end {
        None => LedgerState::Open,
        Some(end) => LedgerState::Sealed(FrameIndex(end)),
    });
    (ledger_id(), 1..=i64::MAX, proptest::sample::select(modes), copyset, any::<prop::sample::Index>(), state)
        .prop_map(|(id, session, mode, copyset, quorum, state)| LedgerRecord {
            id,
            session: SessionId(session),
            mode,
            write_quorum: quorum.index(copyset.len()) as u8 + 1,
            copyset: copyset.into_iter().map(StoreId).collect(),
            state,
        })
}

fn shard() -> impl Strategy<Value = ShardRecord> {
    let owner = option::of((broker(), 1..=i64::MAX));
    (owner, 0..=i32::MAX, collection::btree_set(ledger_id(), 0..20)).prop_map(|(owner, epoch, pending)| {
        ShardRecord {
            owner: owner.map(|(broker, _)| broker),
            session: SessionId(owner.map_or(0, |(_, session)| session)),
            epoch: Epoch(epoch),
            pending,
        }
    })
}

fn topic() -> impl Strategy<Value = TopicRecord> {
    let configs = collection::btree_map(".*", ".*", 0..6);
    let name = "[a-zA-Z0-9_-]{1,249}";
    let counts = (1..=u32::MAX, 1..=TopicRecord::MAX_PARTITIONS, 1..=u16::MAX);
    (name, uuid(), counts, configs, any::<i64>(), any::<bool>()).prop_map(
        |(name, id, (number, partitions, replication_factor), configs, created_ms, deleting)| TopicRecord {
            name,
            id: TopicId(id),
            number: TopicNumber(number),
            partitions,
            replication_factor,
            configs,
            created_ms,
            deleting,
        },
    )
}

fn stored(key: String, value: Bytes) -> KeyValue {
    KeyValue { key, value, created: Revision(3), modified: Revision(7), version: 2, lease: None }
}

fn keys() -> Keys {
    Keys::new("/esker").unwrap()
}

proptest! {
    #[test]
    fn every_record_survives_its_bytes(
        cluster in cluster(), session in session(), store in store(), ledger in ledger(),
        shard in shard(), shard_id in any::<u32>(), topic in topic(), next in any::<u64>(),
        controller in (broker(), 1..=i64::MAX),
    ) {
        let keys = keys();
        prop_assert_eq!(Cluster::decode(&stored(keys.cluster(), cluster.encode())), Ok(cluster));
        let entry = stored(keys.session(session.broker), session.encode());
        prop_assert_eq!(SessionRecord::decode(&entry), Ok(session));
        prop_assert_eq!(StoreRecord::decode(&stored(keys.store(store.id), store.encode())), Ok(store));
        let modified = Revision(7);
        let entry = stored(keys.ledger(ledger.id), ledger.encode());
        prop_assert_eq!(LedgerRecord::decode(&entry), Ok(Versioned { record: ledger, modified }));
        let shard_id = ShardId(shard_id);
        let entry = stored(keys.shard(shard_id), shard.encode(shard_id));
        prop_assert_eq!(ShardRecord::decode(&entry), Ok((shard_id, Versioned { record: shard, modified })));
        let key = SessionKey { broker: controller.0, session: SessionId(controller.1) };
        let entry = stored(keys.controller(), Controller::encode(key));
        prop_assert_eq!(Controller::decode(&entry), Ok(Controller { session: key, elected: modified }));
        let entry = stored(keys.topic(&topic.name), topic.encode());
        prop_assert_eq!(TopicRecord::decode(&entry), Ok(Versioned { record: topic, modified }));
        let entry = stored(keys.id("x"), Counter::encode(next));
        prop_assert_eq!(Counter::decode(Some(&entry)), Ok(Counter { next, modified }));
    }

    /// A record's bytes with a few of them changed, or any bytes at all: an error that names the key, or a record that
    /// is as valid as any.
    #[test]
    fn hostile_bytes_are_refused_by_name(
        ledger in ledger(), shard in shard(), topic in topic(), session in session(),
        noise in collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        any_bytes in collection::vec(any::<u8>(), 0..200),
    ) {
        let keys = keys();
        let spoil = |bytes: Bytes| {
            let mut bytes = bytes.to_vec();
            for (at, byte) in &noise {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                }
            }
            [Bytes::from(bytes), Bytes::from(any_bytes.clone())]
        };
        for value in spoil(ledger.encode()) {
            let key = keys.ledger(ledger.id);
            match LedgerRecord::decode(&stored(key.clone(), value)) {
                Ok(found) => {
                    let distinct: BTreeSet<_> = found.record.copyset.iter().collect();
                    prop_assert_eq!(found.record.id, ledger.id);
                    prop_assert_eq!(distinct.len(), found.record.copyset.len());
                    prop_assert!((1..=distinct.len()).contains(&found.record.read_quorum()));
                }
                Err(error) => prop_assert!(error.to_string().contains(&key)),
            }
        }
        for value in spoil(shard.encode(ShardId(4))) {
            match ShardRecord::decode(&stored(keys.shard(ShardId(4)), value)) {
                Ok((id, found)) => prop_assert!(id == ShardId(4) && found.record.epoch.0 >= 0),
                Err(error) => prop_assert!(error.to_string().contains("/esker/shards/4")),
            }
        }
        for value in spoil(topic.encode()) {
            let key = keys.topic(&topic.name);
            match TopicRecord::decode(&stored(key.clone(), value)) {
                Ok(found) => prop_assert!(found.record.name == topic.name && found.record.partitions > 0),
                Err(error) => prop_assert!(error.to_string().contains(&key)),
            }
        }
        for value in spoil(session.encode()) {
            match SessionRecord::decode(&stored(keys.session(session.broker), value)) {
                Ok(found) => prop_assert_eq!(found.broker, session.broker),
                Err(error) => prop_assert!(error.to_string().contains("/esker/sessions/")),
            }
        }
    }
}

#[test]
fn errors_name_the_key_and_the_field() {
    let keys = keys();
    let record = LedgerRecord {
        id: LedgerId { broker: BrokerId(1), number: 2 },
        session: SessionId(5),
        mode: Mode::Fsync,
        copyset: vec![StoreId::from_random([1; 16])],
        write_quorum: 1,
        state: LedgerState::Open,
    };
    let refused = |key: String, record: &LedgerRecord| {
        LedgerRecord::decode(&stored(key, record.encode())).unwrap_err().to_string()
    };
    let broken = LedgerRecord { write_quorum: 2, ..record.clone() };
    assert_eq!(refused(keys.ledger(record.id), &broken), "metadata key /esker/ledgers/1/2: bad write quorum");
    let broken = LedgerRecord { copyset: vec![record.copyset[0]; 2], ..record.clone() };
    assert_eq!(refused(keys.ledger(record.id), &broken), "metadata key /esker/ledgers/1/2: bad copyset");
    // A record under another's key.
    assert_eq!(refused("/esker/ledgers/11/2".into(), &record), "metadata key /esker/ledgers/11/2: bad id");
    assert_eq!(refused("/esker/ledgers/1/12".into(), &record), "metadata key /esker/ledgers/1/12: bad id");
}

#[test]
fn a_later_format_version_is_refused_before_anything_else() {
    let cluster = Cluster { id: ClusterId(Uuid::from_u128(1)), shards: 8, format_version: 2 };
    let refused = Cluster::decode(&stored(keys().cluster(), cluster.encode())).unwrap_err();
    assert_eq!(refused.to_string(), "metadata key /esker/cluster: bad format version 2 (this build knows 1)");
}

#[test]
fn prefixes_are_paths() {
    for good in ["", "/esker", "/a/b"] {
        assert!(Keys::new(good).is_ok(), "{good}");
    }
    for bad in ["/", "esker", "/esker/", "/a b", "/ü"] {
        assert!(Keys::new(bad).is_err(), "{bad}");
    }
}
