//! Lanes over a broker that turns batches down as it likes.

use std::collections::VecDeque;

use esker_core::TopicNumber;
use futures::channel::oneshot;
use parking_lot::Mutex;

use super::*;
use crate::{budget::Budget, targets::not_yet};

/// A road of batches that were sent, which ends at once or answers them one behind the other.
#[derive(Default)]
struct Roads {
    number: u64,
    /// Sent by the road of this number, and not answered.
    open: VecDeque<(Bytes, oneshot::Sender<Result<Written, Fault>>)>,
    /// Refused since this attempt.
    gone: Option<u32>,
    log: Vec<Bytes>,
    chance: u64,
}

#[derive(Clone, Default)]
struct Fickle(Arc<Mutex<Roads>>);

impl Roads {
    fn draw(&mut self, below: u64) -> u64 {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % below
    }

    /// Answers some, or ends the road.
    fn go_on(&mut self) {
        if self.draw(6) == 0 {
            let fault = if self.draw(2) == 0 {
                Fault::not_here("it never got there")
            } else {
                Fault::unknown("lost")
            };
            for (batch, answer) in std::mem::take(&mut self.open) {
                if fault.kind == Kind::Unknown && self.gone.is_none() && self.draw(2) == 0 {
                    self.log.push(batch);
                }
                let _ = answer.send(Err(fault.clone()));
            }
            self.number += 1;
            self.gone = None;
            return;
        }
        for _ in 0..self.draw(4) {
            let refused = self.gone.is_some();
            let Some((batch, answer)) = self.open.pop_front() else { return };
            let offset = i64::try_from(self.log.len()).expect("a few");
            let _ = answer.send(match refused {
                true => Err(Fault::not_here("gone")),
                false => {
                    self.log.push(batch);
                    Ok(Written {
                        first_offset: offset,
                        last_offset: offset,
                        duplicate: false,
                        repeats: Vec::new(),
                    })
                }
            });
        }
    }
}

impl Way for Fickle {
    async fn send(&self, batch: &Batch, attempt: u32, behind: Option<Road>) -> Result<Sent, Fault> {
        tokio::task::yield_now().await;
        let mut roads = self.0.lock();
        roads.go_on();
        if roads.draw(8) == 0 {
            return Err(Fault::not_here("nobody has it"));
        }
        if behind.is_some_and(|road| road != Road::There(roads.number)) {
            return Err(not_yet());
        }
        if roads.open.is_empty() && roads.gone.is_some_and(|gone| gone < attempt) {
            roads.gone = None;
        }
        if roads.draw(20) == 0 {
            roads.gone = Some(attempt);
        }
        let (answer, landed) = oneshot::channel();
        roads.open.push_back((batch.bytes.clone(), answer));
        let landed = landed.map(|landed| landed.unwrap_or_else(|_| Err(Fault::unknown("dropped"))));
        Ok(Sent { road: Road::There(roads.number), throttle: Duration::ZERO, landed: landed.boxed() })
    }

    async fn pause(&self) {
        tokio::task::yield_now().await;
    }

    fn now(&self) -> Monotonic {
        Monotonic::default()
    }

    async fn sleep(&self, _: Duration) {}
}

/// Sends 200 batches by a lane, each of which is answered in its turn: the log in the end, and which of them were answered as written.
async fn sent(seed: u64, has_ids: bool) -> (Vec<u64>, Vec<u64>) {
    let way = Fickle(Arc::new(Mutex::new(Roads { chance: seed, ..Roads::default() })));
    let (done, mut answers) = mpsc::unbounded_channel();
    let partition = PartitionId { topic: TopicNumber(1), index: 0 };
    let lane = Lane { way: way.clone(), partition, idempotent: false, done };
    let (send, batches) = mpsc::unbounded_channel();
    let budget = Budget::new(1 << 20);
    for id in 0..200_u64 {
        let bytes = Bytes::copy_from_slice(&id.to_be_bytes());
        let give_up = Monotonic::default() + Duration::from_secs(1);
        let share = budget.take(8).expect("there is room");
        assert!(send.send(Batch { id, bytes, window_ms: 0, has_ids, give_up, share }).is_ok());
    }
    drop(send);
    let mut written = Vec::new();
    let mut next = 0;
    let answered = async {
        while let Some(answer) = answers.recv().await {
            assert_eq!(answer.id, next, "seed {seed}");
            next += 1;
            match answer.result {
                Ok(_) => written.push(answer.id),
                Err(fault) => assert_eq!(fault.kind, Kind::Unknown, "seed {seed}"),
            }
        }
    };
    let goes_on = async {
        loop {
            way.0.lock().go_on();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(lane.run(batches), answered) } => {}
        () = goes_on => {}
    }
    assert_eq!(next, 200);
    let log: Vec<_> =
        way.0.lock().log.iter().map(|bytes| bytes.as_ref().try_into().map(u64::from_be_bytes)).collect();
    (log.into_iter().collect::<Result<_, _>>().expect("numbers"), written)
}

#[tokio::test]
async fn batches_stay_in_their_order_whatever_comes_back() {
    for seed in 0..300 {
        let (log, written) = sent(seed, false).await;
        assert!(log.is_sorted_by(|a, b| a < b), "seed {seed}: {log:?}");
        assert!(written.iter().all(|id| log.binary_search(id).is_ok()), "seed {seed}");
        assert!(written.len() > 100, "seed {seed}: {}", written.len());
    }
}

#[tokio::test]
async fn batches_of_messages_with_ids_are_sent_until_they_are_written() {
    let mut again = 0;
    for seed in 0..100 {
        let (mut log, written) = sent(seed, true).await;
        again += log.len() - 200;
        log.sort_unstable();
        log.dedup();
        assert_eq!((log, written), ((0..200).collect(), (0..200).collect()), "seed {seed}");
    }
    assert!(again > 0, "some were written before");
}
