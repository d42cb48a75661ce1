//! How much a large cluster keeps in etcd: 100 brokers, 4096 shards and 1,000,000 partitions, built through the typed
//! transactions, then copied into a real etcd and read back.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use esker_core::{
    BrokerId, Epoch, LedgerId, Mode, ShardId, StoreId,
    manifest::{MAX_RECENT, ObjectRef, Pointer, RootRef},
    object::ObjectId,
};
use esker_env::{Env, SeededRandom};
use esker_meta::{
    Endpoint, Keys, Listing, ManifestGuard, MemoryMeta, Meta, MetaStore, NewLedger, NewTopic, ProducerIds,
    Revision, SessionKey, SessionRecord, ShardMove, ShardRecord, StoreRecord, StoreState, Txn,
};

use crate::{cluster::Cluster, store};

const PREFIX: &str = "/esker/production";
const BROKERS: i32 = 100;
const SHARDS: u32 = 4096;
/// Ledgers of a broker: an open one for each lane, and sealed ones whose last bytes wait for offload.
const SEALED: usize = 20;
/// Topics and their partitions: 1,000,000 in all, most topics small, most partitions in large ones.
const TOPICS: [(u32, u32); 4] = [(200, 1000), (2000, 200), (10_000, 30), (10_000, 10)];
const PARTITIONS: u32 = 1_000_000;

/// A cluster in memory, in the middle of everyday life: pointers half full, some pending ledgers, some configs.
async fn build(topics: &[(u32, u32)]) -> Listing {
    let env = Env { random: Arc::new(SeededRandom::new(1)), ..Env::real() };
    let memory = Arc::new(MemoryMeta::new(env.clone()));
    let meta = Meta::new(Arc::clone(&memory) as _, Keys::new(PREFIX).unwrap(), env.clone());
    meta.create_or_load_cluster(SHARDS).await.unwrap();
    let stores: Vec<_> = (0..BROKERS).map(|_| StoreId::from_random(env.random.bytes16())).collect();
    let mut sessions = Vec::new();
    for broker in 0..BROKERS {
        sessions.push(start_broker(&meta, broker, &stores).await);
    }
    for shard in 0..SHARDS {
        run_shard(&meta, &env, ShardId(shard), &sessions).await;
    }
    ProducerIds::new(meta.clone()).next().await.unwrap();
    let mut number = 0;
    for (count, partitions) in topics {
        for _ in 0..*count {
            number += 1;
            let configs = [("retention.ms", "86400000"), ("cleanup.policy", "compact")];
            let configs = configs.iter().take(number % 3);
            let new = NewTopic {
                // As long as such names are.
                name: format!("team-{:02}.service-{:03}.events-{number:05}", number % 40, number % 500),
                partitions: *partitions,
                replication_factor: 3,
                configs: configs.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
            };
            meta.create_topic(&new).await.unwrap();
        }
    }
    memory.list(PREFIX.to_owned()).await.unwrap()
}

/// A session, a store, open ledgers and sealed ones.
async fn start_broker(meta: &Meta, broker: i32, stores: &[StoreId]) -> SessionKey {
    let own = stores[broker as usize];
    let endpoint = |listener: &str, port| Endpoint {
        listener: listener.to_owned(),
        host: format!("esker-{broker}.esker.production.svc.cluster.local"),
        port,
    };
    let record = SessionRecord {
        broker: BrokerId(broker),
        endpoints: vec![endpoint("kafka", 9092), endpoint("grpc", 9094), endpoint("http", 9096)],
        rack: Some("eu-central-1a".to_owned()),
        store: own,
    };
    let session = meta.open_session(&record, Duration::from_secs(3600)).await.unwrap().key;
    let record = StoreRecord { id: own, broker: session.broker, state: StoreState::Active };
    meta.put_store(session, &record).await.unwrap();
    let copyset = (0..3).map(|step| stores[(broker as usize + step * 7) % stores.len()]).collect();
    let new = NewLedger { mode: Mode::Fsync, copyset, write_quorum: 2 };
    let mut open = meta.create_ledger(session, &new).await.unwrap();
    for sealed in 0..SEALED {
        open = meta
            .roll_ledger(session, &open, esker_core::FrameIndex(1 << (20 + sealed % 8)), &new)
            .await
            .unwrap();
    }
    for mode in [Mode::Received, Mode::Throughput, Mode::Diskless] {
        meta.create_ledger(session, &NewLedger { mode, ..new.clone() }).await.unwrap();
    }
    session
}

/// An owner, pending ledgers for one shard of ten, and a pointer to a root and up to sixteen objects.
async fn run_shard(meta: &Meta, env: &Env, shard: ShardId, sessions: &[SessionKey]) {
    let session = sessions[shard.0 as usize % sessions.len()];
    let epoch = Epoch(200);
    let pending: BTreeSet<_> = (0..if shard.0.is_multiple_of(10) { 8 } else { 0 })
        .map(|number| LedgerId { broker: BrokerId((shard.0 as i32 + 1) % BROKERS), number })
        .collect();
    let to = ShardRecord { owner: Some(session.broker), session: session.session, epoch, pending };
    meta.move_shards(session, &[ShardMove { shard, expect: Revision::NONE, to }]).await.unwrap();
    let name = || ObjectId(u128::from_be_bytes(env.random.bytes16()));
    let length = 32 << 20;
    let recent =
        |_| ObjectRef { id: name(), length, sections: length - 90_000, index: length - 20_000, epoch };
    let pointer = Pointer {
        shard,
        epoch,
        sequence: 1_000_000,
        root: Some(RootRef { id: name(), length: 1 << 20, crc: 0xffff_ffff }),
        recent: (0..=shard.0 as usize % MAX_RECENT).map(recent).collect(),
    };
    let guard = ManifestGuard { session, epoch, pointer: Revision::NONE };
    meta.commit_manifest(shard, guard, pointer.encode().into(), &[]).await.unwrap();
}

/// Keys and bytes by family.
fn tally(listing: &Listing) -> BTreeMap<String, (usize, usize)> {
    let mut families = BTreeMap::<String, (usize, usize)>::new();
    for entry in &listing.entries {
        let family = entry.key[PREFIX.len() + 1..].split('/').next().unwrap();
        let (keys, bytes) = families.entry(family.to_owned()).or_default();
        *keys += 1;
        *bytes += entry.key.len() + entry.value.len();
    }
    families
}

fn report(listing: &Listing) -> usize {
    let families = tally(listing);
    for (family, (keys, bytes)) in &families {
        println!("{family:>10} {keys:>7} keys {bytes:>9} bytes");
    }
    let total = families.values().map(|(_, bytes)| bytes).sum();
    let largest = listing.entries.iter().map(|entry| entry.value.len()).max().unwrap();
    println!("     total {:>7} keys {total:>9} bytes, largest value {largest}", listing.entries.len());
    assert!(largest <= 1024, "every value fits a page of etcd's many times over");
    total
}

/// The budget of the architecture page.
#[tokio::test]
async fn a_million_partitions_fit_the_budget() {
    assert_eq!(TOPICS.iter().map(|(count, partitions)| count * partitions).sum::<u32>(), PARTITIONS);
    let listing = build(&TOPICS).await;
    let total = report(&listing);
    assert!(total <= 7_000_000, "{total} bytes");

    let cluster = Cluster::start(1);
    let etcd = store(cluster.endpoints());
    let start = Instant::now();
    for some in listing.entries.chunks(Txn::MAX_OPS) {
        let put = |txn: Txn, entry: &esker_meta::KeyValue| txn.put(entry.key.clone(), entry.value.clone());
        crate::eventually(|| etcd.txn(some.iter().fold(Txn::new(), put))).await;
    }
    println!("written to etcd in {} ms", start.elapsed().as_millis());
    let start = Instant::now();
    let stored = etcd.list(format!("{PREFIX}/")).await.unwrap();
    println!("listed in {} ms", start.elapsed().as_millis());
    let bare = |listing: &Listing| -> Vec<_> {
        listing.entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
    };
    assert_eq!(bare(&stored), bare(&listing));
}

/// The worst of mixes: the same partitions in topics of ten. Twice the budget, a hundredth of etcd's default quota.
#[tokio::test]
async fn a_hundred_thousand_topics_fit_twice_the_budget() {
    let total = report(&build(&[(PARTITIONS / 10, 10)]).await);
    assert!(total <= 20_000_000, "{total} bytes");
}
