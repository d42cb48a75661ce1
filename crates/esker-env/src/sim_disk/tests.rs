use super::*;
use crate::{RealClock, SeededRandom};

fn disk(seed: u64) -> SimDisk {
    SimDisk::new(Arc::new(SeededRandom::new(seed)), Arc::new(RealClock::new()), 1 << 20)
}

fn chunk(byte: u8, length: usize) -> Vec<Bytes> {
    vec![vec![byte; length].into()]
}

async fn named(disk: &SimDisk, path: &str) -> Arc<dyn DiskFile> {
    let file = disk.open(path).await.unwrap();
    disk.sync_dir("").await.unwrap();
    file
}

#[tokio::test]
async fn synced_bytes_survive_and_unsynced_ones_do_as_they_like() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..64 {
        let disk = disk(seed);
        let file = named(&disk, "f").await;
        file.write_at(0, chunk(1, 2048), Durability::Synced).await.unwrap();
        file.write_at(512, chunk(2, 1024), Durability::Received).await.unwrap();
        disk.power_loss();
        assert!(file.read_at(0, 1).await.is_err(), "old handles are dead");
        let bytes = disk.peek("f").unwrap();
        assert_eq!(bytes.len(), 2048);
        assert!(bytes[..512].iter().chain(&bytes[1536..]).all(|byte| *byte == 1));
        for sector in bytes[512..1536].chunks(512) {
            assert!(sector.iter().all(|byte| *byte == sector[0]), "sectors are whole");
        }
        seen.insert((bytes[512], bytes[1024]));
    }
    assert_eq!(seen.len(), 4, "every mixture of the two sectors occurs: {seen:?}");
}

#[tokio::test]
async fn names_come_back_until_their_directory_is_synced() {
    let (mut lost, mut kept) = (0, 0);
    for seed in 0..32 {
        let disk = disk(seed);
        named(&disk, "a").await;
        disk.rename("a", "b").await.unwrap();
        disk.power_loss();
        match disk.list("").await.unwrap().as_slice() {
            [name] if name == "a" => lost += 1,
            [name] if name == "b" => kept += 1,
            other => panic!("{other:?}"),
        }
        disk.rename(&disk.list("").await.unwrap()[0].clone(), "c").await.unwrap();
        disk.sync_dir("").await.unwrap();
        disk.power_loss();
        assert_eq!(disk.list("").await.unwrap(), ["c"]);
    }
    assert!(lost > 0 && kept > 0);
}

#[tokio::test]
async fn after_a_failed_sync_a_later_one_saves_nothing() {
    let mut lost = false;
    for seed in 0..32 {
        let disk = disk(seed);
        let file = named(&disk, "f").await;
        file.write_at(0, chunk(1, 512), Durability::Synced).await.unwrap();
        disk.fail_after(Fault::Sync, 0);
        assert!(file.write_at(0, chunk(2, 512), Durability::Synced).await.is_err());
        file.sync().await.unwrap();
        assert_eq!(file.read_at(0, 1).await.unwrap()[0], 2, "the process still sees it");
        disk.power_loss();
        lost |= disk.peek("f").unwrap()[0] == 1;
    }
    assert!(lost);
}

#[tokio::test]
async fn the_nth_operation_fails_and_a_full_disk_takes_a_part() {
    let disk = disk(1);
    let file = named(&disk, "f").await;
    disk.fail_after(Fault::Write, 1);
    file.write_at(0, chunk(1, 10), Durability::Received).await.unwrap();
    assert!(file.write_at(0, chunk(1, 10), Durability::Received).await.is_err());
    file.write_at(0, chunk(1, 10), Durability::Received).await.unwrap();
    disk.fail_after(Fault::Read, 0);
    assert!(file.read_at(0, 1).await.is_err());
    disk.set_capacity(100);
    let full = file.write_at(0, chunk(7, 1000), Durability::Received).await.unwrap_err();
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    assert_eq!(file.allocate(1000).await.unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert!(file.len().await.unwrap() <= 100);
    assert!(disk.flip_bit("f", 3, 0));
    assert!(!disk.flip_bit("f", 5000, 0));
}

#[tokio::test]
async fn the_same_seed_loses_the_same_bytes() {
    async fn run(seed: u64) -> Bytes {
        let disk = disk(seed);
        let file = named(&disk, "f").await;
        for n in 0..40_u8 {
            file.write_at(u64::from(n) * 300, chunk(n, 700), Durability::Received).await.unwrap();
        }
        file.sync().await.unwrap();
        for n in 0..40_u8 {
            file.write_at(u64::from(n) * 290, chunk(n + 100, 650), Durability::Received).await.unwrap();
        }
        disk.power_loss();
        disk.peek("f").unwrap()
    }
    let mut outcomes = std::collections::BTreeSet::new();
    for seed in 0..16 {
        let outcome = run(seed).await;
        assert!(outcome == run(seed).await, "seed {seed}");
        outcomes.insert(outcome);
    }
    assert!(outcomes.len() > 4, "seeds differ");
}
