//! Recovery of a dead writer's ledger over three stores.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]

mod common;

use std::{sync::Arc, time::Duration};

use common::*;
use esker_core::{FrameIndex, Mode};
use esker_env::{Env, Random, SeededRandom};
use esker_wal::{
    Descriptor, LaneConfig, LogStore, RecoverError, StoreConfig, StoreError, Trim, WriterClosed, recover,
    recover_unclean, recover_without,
};

fn lane(mode: Mode) -> LaneConfig {
    LaneConfig { frame_bytes: 10_000, frames_in_flight: 4, ..LaneConfig::for_mode(mode) }
}

async fn holds(
    stores: &[Arc<dyn LogStore>],
    ledger: esker_core::LedgerId,
    from: FrameIndex,
    end: FrameIndex,
) -> usize {
    let mut count = 0;
    for store in stores {
        let mut all = true;
        for index in from.0..end.0 {
            all &= store.read_frame(ledger, FrameIndex(index)).await.is_ok();
        }
        count += usize::from(all);
    }
    count
}

/// A session that wrote for a while and is gone, its ledger unsealed; stores are slow one way or another.
async fn died(hosts: &[Host], mode: Mode, batches: i64, after: Duration) -> Session {
    let session = Session::open(1, mode, hosts, 2, lane(mode));
    for n in 0..batches {
        session.writer.enqueue(batch(n, 1500)).unwrap();
        if n % 5 == 0 {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
    tokio::time::sleep(after).await;
    session.env.tasks.abort_all();
    session.env.tasks.wait_idle().await;
    session
}

#[tokio::test(start_paused = true)]
async fn with_one_store_lost_everything_acknowledged_is_recovered_and_held_twice() {
    for lost in 0..3 {
        let mut hosts = hosts(3, &small()).await;
        hosts[2].disk.set_slow(Some((Duration::from_millis(200), 2)));
        let session = died(&hosts, FSYNC, 60, Duration::from_millis(5)).await;
        hosts[lost].kill().await;
        let rest: Vec<_> = (0..3).filter(|n| *n != lost).map(|n| hosts[n].as_log_store()).collect();
        let recovered = recover(&session.descriptor, &rest, &session.env).await.unwrap();
        let committed = session.sink.frames.lock().clone();
        assert!(recovered.end.0 >= committed.len() as u64 && recovered.holders.len() == 2);
        assert_eq!(holds(&rest, ledger(1), FrameIndex(0), recovered.end).await, 2);
        for frame in committed {
            assert_eq!(rest[0].read(ledger(1), frame.index, 0..u32::MAX).await.unwrap(), frame.payload);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn too_few_stores_block_and_say_so() {
    let mut hosts = hosts(3, &small()).await;
    let session = died(&hosts, FSYNC, 10, Duration::from_secs(1)).await;
    hosts[0].kill().await;
    hosts[1].kill().await;
    let rest = [hosts[2].as_log_store()];
    let error = recover(&session.descriptor, &rest, &session.env).await.unwrap_err();
    assert!(matches!(error, RecoverError::TooFewAuthoritative { needed: 2, found: 1, .. }), "{error}");
    hosts[0].start().await;
    let rest = [hosts[2].as_log_store(), hosts[0].as_log_store()];
    let recovered = recover(&session.descriptor, &rest, &session.env).await.unwrap();
    assert!(recovered.end.0 >= session.sink.frames.lock().len() as u64);
}

#[tokio::test(start_paused = true)]
async fn of_two_stores_the_one_that_is_left_is_enough_once_the_other_is_gone_for_good() {
    let mut hosts = hosts(2, &small()).await;
    let session = died(&hosts, FSYNC, 10, Duration::from_secs(1)).await;
    let committed = session.sink.frames.lock().clone();
    assert!(!committed.is_empty());
    hosts[0].kill().await;
    let rest = [hosts[1].as_log_store()];
    let error = recover(&session.descriptor, &rest, &session.env).await.unwrap_err();
    assert!(
        matches!(error, RecoverError::TooFewHolders { needed: 2, found: 1, .. }),
        "it may come back: {error}"
    );
    let recovered = recover_without(&session.descriptor, &rest, 1, &session.env).await.unwrap();
    assert!(recovered.end.0 >= committed.len() as u64 && recovered.holders == [rest[0].id()]);
    for frame in committed {
        assert_eq!(rest[0].read(ledger(1), frame.index, 0..u32::MAX).await.unwrap(), frame.payload);
    }
}

#[tokio::test(start_paused = true)]
async fn of_three_stores_one_is_never_enough() {
    let mut hosts = hosts(3, &small()).await;
    let session = died(&hosts, FSYNC, 10, Duration::from_secs(1)).await;
    hosts[0].kill().await;
    hosts[1].kill().await;
    let rest = [hosts[2].as_log_store()];
    let error = recover_without(&session.descriptor, &rest, 2, &session.env).await.unwrap_err();
    assert!(matches!(error, RecoverError::TooFewAuthoritative { needed: 2, found: 1, .. }), "{error}");
}

/// Three stores with frame 0; those of `holders` also have frame 1, whose bytes rot on the first store.
async fn rotten(holders: &[usize]) -> Vec<Host> {
    let hosts = hosts(3, &small()).await;
    for (number, host) in hosts.iter().enumerate() {
        host.store().append(frame(ledger(1), FSYNC, 0, 1000)).await.unwrap();
        if holders.contains(&number) {
            host.store().append(frame(ledger(1), FSYNC, 1, 2000)).await.unwrap();
        }
    }
    let last = frame(ledger(1), FSYNC, 1, 2000);
    let bytes = hosts[0].disk.peek("0000000000.wal").unwrap();
    let at = bytes.windows(2000).position(|window| window == &last.payload()[..]).unwrap();
    assert!(hosts[0].disk.flip_bit("0000000000.wal", at as u64 + 700, 3));
    hosts
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_read_and_enough_stores_deny_was_never_committed() {
    let hosts = rotten(&[0]).await;
    let (of_all, env) = (descriptor(1, FSYNC, &hosts, 2), &hosts[0].env);
    let error = recover(&of_all, &stores(&hosts[..2]), env).await.unwrap_err();
    assert!(matches!(error, RecoverError::Unreadable { .. }), "the third may have it: {error}");
    let recovered = recover(&of_all, &stores(&hosts), env).await.unwrap();
    assert_eq!((recovered.end, recovered.holders.len()), (FrameIndex(1), 2));
    assert_eq!(holds(&stores(&hosts), ledger(1), FrameIndex(0), FrameIndex(1)).await, 3);
}

/// The operator's decision leaves a ledger that can be read to its end.
#[tokio::test(start_paused = true)]
async fn an_unclean_recovery_ends_before_what_nobody_can_read() {
    let hosts = rotten(&[0, 2]).await;
    let (of_all, env) = (descriptor(1, FSYNC, &hosts, 2), &hosts[0].env);
    let recovered = recover_unclean(&of_all, &stores(&hosts[..2]), env).await.unwrap();
    assert_eq!((recovered.end, recovered.holders.len()), (FrameIndex(1), 2));
    let error = recover_unclean(&of_all, &[], env).await.unwrap_err();
    assert!(matches!(error, RecoverError::TooFewAuthoritative { needed: 1, .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_another_store_may_have_is_waited_for() {
    let hosts = rotten(&[0, 2]).await;
    let (of_all, env) = (descriptor(1, FSYNC, &hosts, 2), &hosts[0].env);
    let error = recover(&of_all, &stores(&hosts[..2]), env).await.unwrap_err();
    assert!(matches!(error, RecoverError::Unreadable { .. }), "{error}");
    let recovered = recover(&of_all, &stores(&hosts), env).await.unwrap();
    assert_eq!((recovered.end, recovered.holders.len()), (FrameIndex(2), 2));
    assert!(holds(&stores(&hosts), ledger(1), FrameIndex(0), FrameIndex(2)).await >= 2);
}

#[tokio::test(start_paused = true)]
async fn limbo_does_not_count_but_what_it_offers_is_taken() {
    let mut hosts = hosts(3, &small()).await;
    let session = died(&hosts, RECEIVED, 10, Duration::from_millis(1)).await;
    let committed = session.sink.frames.lock().len() as u64;
    assert!(committed > 0);
    hosts[0].power_loss().await;
    hosts[0].start().await;
    hosts[1].kill().await;
    let two = [hosts[0].as_log_store(), hosts[2].as_log_store()];
    let error = recover(&session.descriptor, &two, &session.env).await.unwrap_err();
    assert!(matches!(error, RecoverError::TooFewAuthoritative { needed: 2, found: 1, .. }), "{error}");
    hosts[1].start().await;
    let recovered = recover(&session.descriptor, &stores(&hosts), &session.env).await.unwrap();
    assert!(recovered.end.0 >= committed);
}

#[tokio::test(start_paused = true)]
async fn a_zombie_is_refused_once_its_ledger_is_sealed() {
    let hosts = hosts(3, &small()).await;
    let session = Session::open(1, FSYNC, &hosts, 2, lane(FSYNC));
    let ticket = session.writer.enqueue(batch(0, 100)).unwrap();
    session.writer.committed(ticket).await.unwrap();
    let recovered = recover(&session.descriptor, &stores(&hosts), &session.env).await.unwrap();
    assert_eq!(recovered.end, FrameIndex(1));
    let late = session.writer.enqueue(batch(1, 100)).unwrap();
    assert!(matches!(session.writer.committed(late).await, Err(WriterClosed::Failed { .. })));
    assert_eq!(session.sink.closed.lock().len(), 1);
    for host in &hosts {
        let again = host.store().append(frame(ledger(1), FSYNC, 1, 10)).await;
        assert_eq!(again, Err(StoreError::Sealed(ledger(1))));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_trimmed_is_not_copied() {
    let mut hosts = hosts(3, &small()).await;
    hosts[0].kill().await;
    hosts[0].start().await;
    for n in 0..10 {
        for host in &hosts[1..] {
            host.store().append(frame(ledger(1), FSYNC, n, 100)).await.unwrap();
        }
    }
    for host in &hosts[1..] {
        host.store().trim(ledger(1), Trim::Before(FrameIndex(6))).await.unwrap();
    }
    let descriptor = descriptor(1, FSYNC, &hosts, 2);
    hosts[2].kill().await;
    let two = [hosts[0].as_log_store(), hosts[1].as_log_store()];
    let env = hosts[0].env.clone();
    let recovered = recover(&descriptor, &two, &env).await.unwrap();
    assert_eq!((recovered.trim, recovered.end), (FrameIndex(6), FrameIndex(10)));
    for n in 6..10 {
        assert_holds(hosts[0].store(), &frame(ledger(1), FSYNC, n, 100)).await;
    }
    assert!(hosts[0].store().read_frame(ledger(1), FrameIndex(5)).await.is_err());
    // And once it is over, a late recoverer learns that.
    for host in &hosts[..2] {
        host.store().trim(ledger(1), Trim::Forget).await.unwrap();
    }
    assert_eq!(recover(&descriptor, &two, &env).await, Err(RecoverError::Over(ledger(1))));
}

/// The metadata store's part: the first record of an end wins.
#[derive(Default)]
struct Record(parking_lot::Mutex<Option<FrameIndex>>);

/// Where stores are to be found now; a restarted one under a new handle.
type Stores = Arc<parking_lot::Mutex<Vec<Arc<dyn LogStore>>>>;

async fn recover_and_record(
    descriptor: Descriptor,
    stores: Stores,
    links: Vec<Duration>,
    env: Env,
    record: Arc<Record>,
    delay: Duration,
) {
    env.clock.sleep(delay).await;
    let now = stores.lock().clone();
    let linked: Vec<_> =
        now.into_iter().zip(links).map(|(store, longest)| Link::open(store, env.clone(), longest)).collect();
    if let Ok(recovered) = recover(&descriptor, &linked, &env).await {
        record.0.lock().get_or_insert(recovered.end);
    }
}

/// A writer that never learns of its death, two recoverers that overlap, slow disks and links, and one store that dies or
/// loses power anywhere: below the recorded end is everything acknowledged, held by two stores, and nothing is
/// acknowledged at or above it, ever.
async fn overlapping(seed: u64, mode: Mode, config: StoreConfig) {
    let random = SeededRandom::new(seed);
    let mut hosts = hosts(3, &config).await;
    for host in &hosts {
        let slow = random.below(3) > 0;
        host.disk.set_slow(slow.then(|| (Duration::from_millis(1 + random.below(60)), 1 + random.below(3))));
    }
    let links =
        || (0..3).map(|_| Duration::from_millis([0, 10, 200][random.below(3) as usize])).collect::<Vec<_>>();
    let to_writer = links();
    let session = Session::behind(1, mode, &hosts, 2, lane(mode), |n, store, env| {
        Link::open(store, env.clone(), to_writer[n])
    });
    let record = Arc::new(Record::default());
    let found: Stores = Arc::new(parking_lot::Mutex::new(stores(&hosts)));
    for _ in 0..2 {
        let delay = Duration::from_millis(random.below(200));
        let env = session.env.clone();
        let recovery = recover_and_record(
            session.descriptor.clone(),
            Arc::clone(&found),
            links(),
            env.clone(),
            Arc::clone(&record),
            delay,
        );
        env.tasks.spawn(recovery);
    }
    let (victim, when, power) = (random.below(3) as usize, random.below(60) as i64, random.below(3) > 0);
    for n in 0..60 {
        let _ = session.writer.enqueue(batch(n, 500 + random.below(3000) as usize));
        tokio::time::sleep(Duration::from_micros(random.below(4000))).await;
        if n == when {
            if power {
                hosts[victim].power_loss().await;
            } else {
                hosts[victim].kill().await;
            }
            hosts[victim].start().await;
            *found.lock() = stores(&hosts);
        }
    }
    tokio::time::sleep(Duration::from_secs(600)).await;
    session.env.tasks.abort_all();
    session.env.tasks.wait_idle().await;
    let committed = session.sink.frames.lock().clone();
    let Some(end) = *record.0.lock() else { return };
    assert!(
        committed.len() as u64 <= end.0,
        "seed {seed}: {} frames acknowledged, the end is {end}",
        committed.len()
    );
    assert!(holds(&stores(&hosts), ledger(1), FrameIndex(0), end).await >= 2, "seed {seed}: held by two");
    for frame in committed {
        for host in &hosts {
            if let Ok(payload) = host.store().read(ledger(1), frame.index, 0..u32::MAX).await {
                assert!(payload == frame.payload, "seed {seed}: frame {} differs", frame.index);
            }
        }
    }
}

fn overlapping_runs(seeds: std::ops::Range<u64>, mode: Mode, config: &StoreConfig) {
    for seed in seeds {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(overlapping(seed, mode, config.clone()));
    }
}

#[test]
fn overlapping_recoverers_a_zombie_and_a_failing_store_agree() {
    overlapping_runs(0..60, FSYNC, &small());
}

#[test]
fn overlapping_recoverers_of_a_received_ledger_agree() {
    overlapping_runs(100..160, RECEIVED, &small());
}

/// Each of these, broken, must be noticed by the runs above.
#[cfg(feature = "mutations")]
mod mutations {
    use std::panic::catch_unwind;

    use esker_wal::Mutations;

    use super::*;

    fn is_noticed(mode: Mode, mutations: Mutations) -> bool {
        let config = StoreConfig { mutations, ..small() };
        catch_unwind(|| overlapping_runs(0..400, mode, &config)).is_err()
    }

    #[test]
    fn acknowledging_before_the_sync_is_noticed() {
        assert!(is_noticed(FSYNC, Mutations { ack_before_fsync: true, ..Mutations::default() }));
    }

    #[test]
    fn accepting_after_a_seal_is_noticed() {
        assert!(is_noticed(FSYNC, Mutations { accept_after_seal: true, ..Mutations::default() }));
    }

    #[test]
    fn authority_in_limbo_is_noticed() {
        assert!(is_noticed(RECEIVED, Mutations { limbo_authoritative: true, ..Mutations::default() }));
    }
}
