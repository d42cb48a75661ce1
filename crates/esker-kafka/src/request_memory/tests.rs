use std::{net::Ipv4Addr, task::Poll};

use esker_env::BoxFuture;
use futures::{FutureExt, poll};

use super::*;

/// A clock that the test moves.
#[derive(Default)]
struct TestClock(watch::Sender<Monotonic>);

impl Clock for TestClock {
    fn now(&self) -> Monotonic {
        *self.0.borrow()
    }

    fn wall_ms(&self) -> i64 {
        0
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let (end, mut now) = (self.now() + duration, self.0.subscribe());
        Box::pin(async move {
            let _ = now.wait_for(|now| *now >= end).await;
        })
    }
}

impl TestClock {
    fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now = *now + by);
    }
}

const MIB: usize = 1 << 20;

fn config() -> KafkaConfig {
    KafkaConfig { request_memory: 64 * MIB, max_request_bytes: 16 * MIB, ..KafkaConfig::default() }
}

/// 64 MiB, 8 of them for small requests.
fn memory() -> (RequestMemory, Arc<TestClock>) {
    let clock = Arc::new(TestClock::default());
    (RequestMemory::new(&config(), Arc::clone(&clock) as Arc<dyn Clock>), clock)
}

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, last).into()
}

fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    future.now_or_never()
}

#[tokio::test]
async fn large_requests_leave_the_reserve_to_small_ones() {
    let (memory, _) = memory();
    let large = now(memory.take(address(1), usize::MAX)).unwrap();
    assert_eq!(memory.available(), 8 * MIB);
    assert!(now(memory.take(address(1), SMALL + 1)).is_none());
    let small: Vec<_> = (0..32).map(|_| now(memory.take(address(1), SMALL)).unwrap()).collect();
    assert!(now(memory.take(address(1), 1)).is_none(), "the reserve is bounded too");
    // Without large requests, small ones have all of it.
    drop((large, small));
    let small: Vec<_> = (0..256).map(|_| now(memory.take(address(1), SMALL)).unwrap()).collect();
    assert_eq!(memory.available(), 0);
    drop(small);
    assert_eq!((memory.available(), memory.pressed_since()), (64 * MIB, None));
}

#[tokio::test]
async fn the_largest_request_fits_whatever_the_reserve() {
    let config = KafkaConfig { request_memory: 17 * MIB, ..config() };
    let memory = RequestMemory::new(&config, Arc::new(esker_env::RealClock::new()));
    let _grant = now(memory.take(address(1), 16 * MIB)).unwrap();
    let _small = now(memory.take(address(1), SMALL)).unwrap();
}

#[tokio::test]
async fn a_shrunken_grant_serves_those_who_wait() {
    let (memory, _) = memory();
    let mut first = memory.take(address(1), 56 * MIB).await;
    let mut waiting = Box::pin(memory.take(address(1), 10 * MIB));
    assert!(poll!(&mut waiting).is_pending());
    assert!(memory.pressed_since().is_some());
    first.shrink(47 * MIB);
    assert!(poll!(&mut waiting).is_pending());
    first.shrink(46 * MIB);
    let Poll::Ready(second) = poll!(&mut waiting) else { panic!("there is room now") };
    assert!(memory.pressed_since().is_none());
    drop((first, second));
    assert_eq!(memory.available(), 64 * MIB);
}

#[tokio::test]
async fn whoever_gives_up_waiting_blocks_nobody_and_loses_no_memory() {
    let (memory, _) = memory();
    let held = memory.take(address(1), 50 * MIB).await;
    let mut large = Box::pin(memory.take(address(1), 20 * MIB));
    assert!(poll!(&mut large).is_pending());
    let mut behind = Box::pin(memory.take(address(1), 6 * MIB));
    assert!(poll!(&mut behind).is_pending(), "nobody passes by the first");
    drop(large);
    let Poll::Ready(behind) = poll!(&mut behind) else { panic!("it is the first now") };
    // Granted, but dropped before it knows.
    let mut third = Box::pin(memory.take(address(1), 20 * MIB));
    assert!(poll!(&mut third).is_pending());
    drop(held);
    drop(third);
    drop(behind);
    assert_eq!((memory.available(), memory.pressed_since()), (64 * MIB, None));
}

/// Queues requests of (address, MiB) in this order, frees the memory, and returns the order they are served in.
async fn served_order(requests: &[(u8, usize, Duration)]) -> Vec<usize> {
    let (memory, clock) = memory();
    let held = memory.take(address(99), 56 * MIB).await;
    let (sender, mut served) = tokio::sync::mpsc::unbounded_channel();
    let mut tasks = tokio::task::JoinSet::new();
    for (at, &(client, mib, pause)) in requests.iter().enumerate() {
        let (memory, sender) = (memory.clone(), sender.clone());
        tasks.spawn(async move {
            // The whole of it, so that one is served at a time.
            let grant = memory.take(address(client), mib * MIB).await;
            sender.send(at).unwrap();
            drop(grant);
        });
        tokio::task::yield_now().await;
        clock.advance(pause);
    }
    drop((sender, held));
    let mut order = Vec::new();
    while let Some(at) = served.recv().await {
        order.push(at);
    }
    order
}

#[tokio::test]
async fn smaller_ones_come_first_until_larger_ones_have_waited_long() {
    let short = Duration::from_millis(1);
    assert_eq!(served_order(&[(1, 50, short), (2, 40, short), (3, 30, short)]).await, [2, 1, 0]);
    assert_eq!(served_order(&[(1, 50, Duration::from_secs(21)), (2, 30, short)]).await, [0, 1]);
}

#[tokio::test]
async fn one_address_with_many_connections_waits_for_itself() {
    for ((client, mib), position) in [((2, 30), 1), ((2, 10), 0), ((1, 10), 2)] {
        let mut requests = vec![(1, 30, Duration::from_millis(1)); 20];
        requests.push((client, mib, Duration::ZERO));
        let order = served_order(&requests).await;
        assert_eq!(order.iter().position(|at| *at == 20), Some(position), "{order:?}");
    }
}

#[tokio::test]
async fn pressure_counts_without_a_break() {
    let (memory, clock) = memory();
    let patience = Duration::from_secs(1);
    let held = memory.take(address(1), 56 * MIB).await;
    let mut pressed = Box::pin(memory.pressed_for(patience));
    assert!(poll!(&mut pressed).is_pending());
    clock.advance(patience * 2);
    assert!(poll!(&mut pressed).is_pending(), "nobody waits");
    for _ in 0..3 {
        let mut waiting = Box::pin(memory.take(address(1), MIB));
        assert!(poll!(&mut waiting).is_pending());
        assert!(poll!(&mut pressed).is_pending());
        clock.advance(patience * 2 / 3);
        assert!(poll!(&mut pressed).is_pending());
        drop(waiting);
        assert!(poll!(&mut pressed).is_pending());
    }
    let mut waiting = Box::pin(memory.take(address(1), MIB));
    assert!(poll!(&mut waiting).is_pending());
    assert!(poll!(&mut pressed).is_pending());
    clock.advance(patience);
    assert!(poll!(&mut pressed).is_ready());
    drop((waiting, held));
}

#[tokio::test]
async fn under_pressure_a_frame_must_arrive_at_a_pace() {
    let ((memory, clock), config) = (memory(), config());
    let mut frame = Arrival::default();
    let held = memory.take(address(1), 56 * MIB).await;
    let mut goes_on = |pause, have| {
        let asked = clock.now();
        clock.advance(Duration::from_millis(pause));
        frame.goes_on(&config, &memory, asked, have, 1000)
    };
    assert!(goes_on(60_000, 1), "without pressure, other rules hold");
    let mut waiting = Box::pin(memory.take(address(1), MIB));
    assert!(poll!(&mut waiting).is_pending());
    // Half of it takes half of 10 s, and 1 s is for everybody.
    assert!(goes_on(5_900, 500));
    assert!(!goes_on(200, 501));
    drop((waiting, held));
}
