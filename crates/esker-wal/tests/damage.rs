//! Bit rot: what is damaged is reported or repaired, never taken for an end of the log.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]

mod common;

use std::sync::Arc;

use common::*;
use esker_core::{
    Epoch, FrameIndex, Offset, PartitionId, TopicNumber,
    batch::{BatchBuilder, CheckedBatch, Compression, NewRecord},
    frame::{Frame, FrameBuilder},
};
use esker_env::{Random, SeededRandom};
use esker_wal::{Descriptor, LogStore, RecoverError, StoreError, Trim, recover};

const FRAMES: u64 = 40;
const FILE: u64 = 64 << 10;

fn size(number: u64, index: u64) -> usize {
    (number * 1000 + index * 137 % 9000) as usize
}

/// Three ledgers over several files: 1 open, 2 sealed, 3 trimmed to frame 5; closed in order when `closed`.
async fn written(seed: u64, closed: bool) -> Host {
    let mut host = Host::started(seed, small()).await;
    let store = host.store();
    for n in 0..FRAMES {
        for l in 1..=3 {
            store.append(frame(ledger(l), FSYNC, n, size(l, n))).await.unwrap();
        }
    }
    store.seal(ledger(2), FSYNC).await.unwrap();
    store.trim(ledger(3), Trim::Before(FrameIndex(5))).await.unwrap();
    if closed {
        host.close().await;
    } else {
        // At rest, the log says that it is all durable.
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        host.kill().await;
    }
    host
}

/// Every frame reads back, or says that it cannot; and nobody is told that there were fewer.
async fn check(host: &Host, what: &str) -> usize {
    let store = host.store();
    let mut lost = 0;
    for l in 1..=3 {
        let first = if l == 3 { 5 } else { 0 };
        let sealed = store.seal(ledger(l), FSYNC).await.unwrap();
        if sealed.authoritative {
            assert!(sealed.tail.0 >= FRAMES, "{what}: ledger {l} denies frames: {sealed:?}");
        }
        for n in first..FRAMES {
            let expected = frame(ledger(l), FSYNC, n, size(l, n));
            match store.read_frame(ledger(l), FrameIndex(n)).await {
                Ok(read) => assert_eq!(read.header(), expected.header(), "{what}"),
                Err(StoreError::Unreadable { .. }) => lost += 1,
                Err(StoreError::NotHeld { .. }) if !sealed.authoritative => lost += 1,
                Err(error) => panic!("{what}: ledger {l} frame {n}: {error}"),
            }
        }
    }
    lost
}

async fn used_bytes(host: &Host) -> Vec<(String, u64)> {
    let mut all = Vec::new();
    for name in esker_env::Disk::list(&host.disk, "").await.unwrap() {
        let bytes = host.disk.peek(&name).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) as u64;
        if name != "store" && end > 0 {
            all.push((name, end));
        }
    }
    all
}

#[tokio::test(start_paused = true)]
async fn any_flipped_bit_is_survived_or_reported() {
    let random = SeededRandom::new(1);
    let mut damaged = 0;
    for round in 0..150 {
        let mut host = written(round, round % 2 == 0).await;
        let files = used_bytes(&host).await;
        let (name, end) = &files[random.below(files.len() as u64) as usize];
        // Half of them where headers are dense: at the starts of files.
        let offset = if round % 4 < 2 { random.below(*end) } else { random.below(4096 + 400) };
        assert!(host.disk.flip_bit(name, offset, random.below(8) as u8));
        host.start().await;
        damaged += check(&host, &format!("round {round}: bit in {name} at {offset}")).await;
    }
    assert!(damaged > 20, "most bits are payload: {damaged} frames damaged");
}

#[tokio::test(start_paused = true)]
async fn any_lost_sector_but_the_last_is_survived_or_reported() {
    let random = SeededRandom::new(2);
    let mut damaged = 0;
    for round in 0..150 {
        let mut host = written(round, true).await;
        let files = used_bytes(&host).await;
        let (name, end) = &files[random.below(files.len() as u64) as usize];
        // The last entries of the log are proven durable by the very last one: losing that sector loses the proof.
        let sector = random.below((end / 512).saturating_sub(1).max(1));
        assert!(host.disk.scramble(name, sector * 512, 512));
        host.start().await;
        damaged += check(&host, &format!("round {round}: sector {sector} of {name}")).await;
    }
    assert!(damaged > 40, "{damaged} frames damaged");
}

#[tokio::test(start_paused = true)]
async fn a_scrambled_file_is_reported() {
    for (round, file) in ["0000000000.wal", "0000000002.wal"].iter().enumerate() {
        let mut host = written(round as u64, true).await;
        host.disk.scramble(file, 0, FILE);
        host.start().await;
        assert!(check(&host, file).await > 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_lost_entries_it_cannot_name_takes_no_appends_and_keeps_saying_so() {
    let mut host = Host::started(3, small()).await;
    host.store().append(frame(ledger(1), FSYNC, 0, 100)).await.unwrap();
    host.store().append(frame(ledger(1), FSYNC, 1, 100)).await.unwrap();
    host.close().await;
    // Both frame entries and whatever names them.
    assert!(host.disk.scramble("0000000000.wal", 4096 + 64, 448));
    for _ in 0..2 {
        host.start().await;
        let refused = host.store().append(frame(ledger(2), FSYNC, 0, 10)).await;
        assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");
        assert!(!host.store().seal(ledger(1), FSYNC).await.unwrap().authoritative);
        assert!(!host.store().seal(ledger(7), FSYNC).await.unwrap().authoritative);
        host.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn damage_that_appears_while_running_is_found_by_the_first_read() {
    let host = Host::started(4, small()).await;
    for n in 0..3 {
        host.store().append(frame(ledger(1), FSYNC, n, 5000)).await.unwrap();
    }
    host.disk.flip_bit("0000000000.wal", 4096 + 2000 + 5000, 3);
    let read = host.store().read(ledger(1), FrameIndex(1), 4000..4010).await;
    assert!(matches!(read, Err(StoreError::Unreadable { .. })), "{read:?}");
    let sealed = host.store().seal(ledger(1), FSYNC).await.unwrap();
    assert_eq!(sealed.missing, [FrameIndex(1)..FrameIndex(2)]);
    assert!(sealed.authoritative && sealed.tail == FrameIndex(3));
    host.store().repair_append(frame(ledger(1), FSYNC, 1, 5000)).await.unwrap();
    assert_holds(host.store(), &frame(ledger(1), FSYNC, 1, 5000)).await;
}

#[tokio::test(start_paused = true)]
async fn damage_to_what_was_read_before_is_found_too() {
    // Of frames that are no batches, and of batches.
    for written in [frame(ledger(1), FSYNC, 0, 5000), real_frame()] {
        let mut host = Host::started(8, small()).await;
        host.store().append(written.clone()).await.unwrap();
        let payload = written.payload();
        let whole = 0..payload.len() as u32;
        for _ in 0..2 {
            let read = host.store().read(ledger(1), FrameIndex(0), whole.clone()).await;
            assert_eq!(read.unwrap(), payload);
        }
        let at = {
            let file = host.disk.peek("0000000000.wal").unwrap();
            file.windows(payload.len()).position(|window| window == &payload[..]).unwrap()
        };
        assert!(host.disk.flip_bit("0000000000.wal", at as u64 + 700, 3));
        let read = host.store().read(ledger(1), FrameIndex(0), whole).await;
        assert!(matches!(read, Err(StoreError::Unreadable { .. })), "{read:?}");
        let sealed = host.store().seal(ledger(1), FSYNC).await.unwrap();
        assert_eq!(sealed.missing, [FrameIndex(0)..FrameIndex(1)], "and remembered");
        host.kill().await;
    }
}

/// A frame of three real batches, one for each of three partitions.
fn real_frame() -> Frame {
    let mut batches = Vec::new();
    for index in 0..3 {
        let (partition, epoch) = (PartitionId { topic: TopicNumber(1), index }, Epoch(4));
        let mut batch = BatchBuilder::new(Compression::None);
        let value = vec![index as u8; 1000 + index as usize];
        batch.push(&NewRecord { value: Some(&value), ..NewRecord::default() }).unwrap();
        let checked = CheckedBatch::internal(&batch.build().unwrap()).unwrap();
        let entry = checked.directory_entry(partition, epoch, Offset(70 + i64::from(index)));
        batches.push((entry, checked.bytes));
    }
    let payload = batches.iter().map(|(_, bytes)| bytes.len()).sum();
    let mut builder = FrameBuilder::new(ledger(1), FrameIndex(0), FSYNC, batches.len(), payload).unwrap();
    for (entry, bytes) in &batches {
        builder.push(*entry, bytes);
    }
    builder.finish()
}

/// The header of a ledger's first entry rots: what it named was acknowledged, and is nowhere in the object store.
#[tokio::test(start_paused = true)]
async fn what_an_unnamed_entry_held_is_lost_and_not_trimmed() {
    let mut host = Host::started(9, small()).await;
    for n in 0..4 {
        host.store().append(frame(ledger(1), FSYNC, n, 1000)).await.unwrap();
    }
    let payload = frame(ledger(1), FSYNC, 0, 1000).payload();
    let bytes = host.disk.peek("0000000000.wal").unwrap();
    let payload_at = bytes.windows(1000).position(|window| window == &payload[..]).unwrap();
    let entry_at = bytes[..payload_at].windows(4).rposition(|window| window == b"EskE").unwrap();
    host.kill().await;
    assert!(host.disk.flip_bit("0000000000.wal", entry_at as u64 + 13, 2));
    // The second time it is what the first start has written about it that counts.
    for _ in 0..2 {
        host.start().await;
        let store = host.store();
        let sealed = store.seal(ledger(1), FSYNC).await.unwrap();
        assert_eq!((sealed.trim, sealed.tail, sealed.authoritative), (FrameIndex(0), FrameIndex(4), false));
        assert_eq!(sealed.missing, [FrameIndex(0)..FrameIndex(1)]);
        let read = store.read_frame(ledger(1), FrameIndex(0)).await.unwrap_err();
        assert!(matches!(read, StoreError::Unreadable { .. }), "{read}");
        assert!(store.directory(ledger(1), FrameIndex(0)).await.unwrap().is_empty(), "up to what is lost");
        assert_eq!(store.directory(ledger(1), FrameIndex(1)).await.unwrap().len(), 3);
        assert_holds(store, &frame(ledger(1), FSYNC, 1, 1000)).await;
        host.kill().await;
    }
}

#[tokio::test(start_paused = true)]
async fn whole_batches_prove_themselves_and_damage_beside_them_is_not_theirs() {
    let written = real_frame();
    let length = |slot: usize| written.headers()[slot].length;
    let second = length(0)..length(0) + length(1);
    let payload = written.payload();
    let slice = |range: &std::ops::Range<u32>| payload.slice(range.start as usize..range.end as usize);
    // A bit of the second batch, anywhere.
    for bit in (0..8 * u64::from(length(1))).step_by(7) {
        let host = Host::started(5, small()).await;
        host.store().append(written.clone()).await.unwrap();
        let start = {
            let file = host.disk.peek("0000000000.wal").unwrap();
            file.windows(payload.len()).position(|window| window == &payload[..]).unwrap() as u64
        };
        let read = |range: std::ops::Range<u32>| host.store().read(ledger(1), FrameIndex(0), range);
        let at = start + u64::from(second.start);
        host.disk.flip_bit("0000000000.wal", at + bit / 8, (bit % 8) as u8);
        let first = 0..second.start;
        assert_eq!(read(first.clone()).await.unwrap(), slice(&first), "damage beside it");
        let damaged = read(second.clone()).await;
        assert!(matches!(damaged, Err(StoreError::Unreadable { .. })), "bit {bit}: {damaged:?}");
    }
    // Runs of batches, and ranges that are no run.
    let host = Host::started(5, small()).await;
    host.store().append(written.clone()).await.unwrap();
    let end = payload.len() as u32;
    for range in [second.clone(), second.start..end, 0..second.end, 5..second.end, 1..2, 0..0, 0..end] {
        let read = host.store().read(ledger(1), FrameIndex(0), range.clone()).await.unwrap();
        assert_eq!(read, slice(&range), "{range:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn recovery_mends_a_rotten_frame_from_another_store_or_says_which_cannot_be_read() {
    let mut hosts = Vec::new();
    for seed in 0..3 {
        hosts.push(written(seed, true).await);
    }
    // Frame 7 of ledger 1, wherever it is.
    let payload = frame(ledger(1), FSYNC, 7, size(1, 7)).payload();
    let damage = |host: &Host, name: &str| {
        let bytes = host.disk.peek(name).unwrap();
        let found = bytes.windows(payload.len()).position(|window| window == payload);
        found.map(|at| assert!(host.disk.flip_bit(name, at as u64 + 20, 1))).is_some()
    };
    for host in &hosts[..2] {
        assert!((0..9).any(|file| damage(host, &format!("{file:010}.wal"))));
    }
    for host in &mut hosts {
        host.start().await;
    }
    // Found on the way: the log is read without its payloads at start.
    for host in &hosts[..2] {
        assert!(host.store().read_frame(ledger(1), FrameIndex(7)).await.is_err());
    }
    let stores: Vec<Arc<dyn LogStore>> = hosts.iter().map(Host::as_log_store).collect();
    let copyset = stores.iter().map(|store| store.id()).collect();
    let descriptor = Descriptor { ledger: ledger(1), mode: FSYNC, copyset, write_quorum: 2 };
    let two = recover(&descriptor, &stores[..2], &hosts[0].env).await;
    assert!(
        matches!(two, Err(RecoverError::Unreadable { ref frames, .. }) if frames.start == FrameIndex(7)),
        "{two:?}"
    );
    let recovered = recover(&descriptor, &stores, &hosts[0].env).await.unwrap();
    assert_eq!((recovered.end, recovered.holders.len()), (FrameIndex(FRAMES), 2));
    let holders = hosts.iter().filter(|host| recovered.holders.contains(&host.id()));
    for host in holders {
        assert_holds(host.store(), &frame(ledger(1), FSYNC, 7, size(1, 7))).await;
    }
    // The repair outlives a restart, although it stands behind the damage in the log.
    for host in &mut hosts {
        host.restart().await;
        let read = host.store().read_frame(ledger(1), FrameIndex(7)).await;
        assert_eq!(read.is_ok(), recovered.holders.contains(&host.id()));
    }
}
