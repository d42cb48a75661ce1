use super::*;

fn chunk(byte: u8, length: usize) -> Bytes {
    vec![byte; length].into()
}

#[tokio::test]
async fn what_is_written_is_read_and_the_end_is_short() {
    let dir = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(dir.path()).unwrap();
    let file = Disk::open(&disk, "a/b").await.unwrap();
    file.write_at(10, vec![chunk(1, 3), Bytes::new(), chunk(2, 2)], Durability::Received).await.unwrap();
    file.write_at(15, vec![chunk(3, 1)], Durability::Synced).await.unwrap();
    assert_eq!(file.read_at(8, 100).await.unwrap()[..], [0, 0, 1, 1, 1, 2, 2, 3]);
    assert_eq!(file.len().await.unwrap(), 16);
    file.sync().await.unwrap();
}

#[tokio::test]
async fn more_slices_than_the_system_takes_at_once_are_written_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(dir.path()).unwrap();
    let file = Disk::open(&disk, "f").await.unwrap();
    let chunks: Vec<_> = (0..5000_u32).map(|n| Bytes::from(n.to_le_bytes().to_vec())).collect();
    let whole: Vec<u8> = chunks.concat();
    file.write_at(0, chunks, Durability::Synced).await.unwrap();
    assert_eq!(file.read_at(0, whole.len() + 1).await.unwrap(), whole);
}

#[tokio::test]
async fn writes_land_in_the_order_of_submission_whatever_is_synced() {
    let dir = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(dir.path()).unwrap();
    let file = Disk::open(&disk, "f").await.unwrap();
    let writes: Vec<_> = (0..200_u8)
        .map(|n| {
            let durability = if n % 3 == 0 { Durability::Synced } else { Durability::Received };
            file.write_at(0, vec![chunk(n, 512)], durability)
        })
        .collect();
    futures::future::try_join_all(writes).await.unwrap();
    assert_eq!(file.read_at(0, 512).await.unwrap(), chunk(199, 512));
}

#[tokio::test]
async fn a_directory_has_one_user_until_the_last_handle_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(dir.path()).unwrap();
    let refused = RealDisk::open(dir.path()).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
    let file = Disk::open(&disk, "f").await.unwrap();
    drop(disk);
    assert!(RealDisk::open(dir.path()).is_err());
    drop(file);
    // The threads end on their own time.
    while RealDisk::open(dir.path()).is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn names_are_listed_renamed_and_removed_below_the_root_only() {
    let dir = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(dir.path()).unwrap();
    for name in ["b", "a", "c"] {
        Disk::open(&disk, name).await.unwrap();
    }
    disk.rename("a", "d").await.unwrap();
    disk.remove("b").await.unwrap();
    disk.remove("b").await.unwrap();
    disk.sync_dir("").await.unwrap();
    assert_eq!(disk.list("").await.unwrap(), ["c", "d"]);
    assert_eq!(disk.list("nowhere").await.unwrap(), Vec::<String>::new());
    assert!(Disk::open(&disk, "../x").await.is_err());
    assert!(Disk::open(&disk, "/etc/hostname").await.is_err());
}

#[tokio::test]
async fn allocation_takes_the_space_and_truncation_gives_it_back() {
    let dir = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(dir.path()).unwrap();
    let file = Disk::open(&disk, "f").await.unwrap();
    file.allocate(1 << 20).await.unwrap();
    assert_eq!(file.len().await.unwrap(), 1 << 20);
    file.allocate(4096).await.unwrap();
    assert_eq!(file.len().await.unwrap(), 4096);
    let usage = disk.usage().await.unwrap();
    assert!(usage.available > 0 && usage.available <= usage.total);
}

/// With the blocking pool's only thread taken, a read of what was just written is answered where the filesystem can say
/// what is cached; elsewhere, and for what is not cached, it waits for the thread and is answered then.
#[test]
#[allow(clippy::disallowed_methods, reason = "looks at the file as the disk itself does")]
fn what_the_page_cache_has_needs_no_other_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(dir.path()).unwrap();
        let file = Disk::open(&disk, "f").await.unwrap();
        file.write_at(0, vec![chunk(7, 10_000)], Durability::Received).await.unwrap();
        let offered = cached(&File::open(dir.path().join("f")).unwrap(), 0, 10_000).len() == 10_000;
        let (free, taken) = std::sync::mpsc::channel::<()>();
        let holder = tokio::spawn(blocking(move || taken.recv().map_err(io::Error::other)));
        tokio::task::yield_now().await;

        let mut read = std::pin::pin!(file.read_at(5_000, 4_000));
        let at_once = futures::poll!(&mut read);
        assert_eq!(at_once.is_ready(), offered);
        // Past the end: what is there comes at once, that there is no more is for a read that may wait.
        let mut short = std::pin::pin!(file.read_at(9_000, 4_000));
        assert!(futures::poll!(&mut short).is_pending());
        free.send(()).unwrap();
        holder.await.unwrap().unwrap();
        let whole = match at_once {
            std::task::Poll::Ready(whole) => whole,
            std::task::Poll::Pending => read.await,
        };
        assert_eq!(whole.unwrap(), chunk(7, 4_000));
        assert_eq!(short.await.unwrap(), chunk(7, 1_000));
    });
}
