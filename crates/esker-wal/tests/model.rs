//! Random histories of one store against a simple model: what was acknowledged is there, whatever happened since.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stands outside the simulated world"
)]

mod common;

use std::{collections::BTreeMap, time::Duration};

use common::*;
use esker_core::{FrameIndex, Mode};
use esker_env::BoxFuture;
use esker_wal::{LogStore, StoreConfig, StoreError, Trim};
use futures::FutureExt;
use proptest::prelude::*;

/// Ledgers 0..4 sync, 4..6 do not.
const LEDGERS: u64 = 6;

#[derive(Clone, Debug)]
enum Op {
    /// So many frames of this size, not waited for.
    Append {
        ledger: u64,
        count: u8,
        size: u16,
    },
    /// Waits for everything under way.
    Settle,
    /// Waits for a little while.
    Pass {
        millis: u16,
    },
    Seal {
        ledger: u64,
    },
    /// Everything acknowledged but so many frames.
    Trim {
        ledger: u64,
        keep: u8,
    },
    Forget {
        ledger: u64,
    },
    Kill,
    PowerLoss,
    CleanReboot,
    /// Makes a write or sync in three slow.
    Slow {
        slow: bool,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let ledger = 0..LEDGERS;
    prop_oneof![
        8 => (ledger.clone(), 1..6_u8, 0..20_000_u16)
            .prop_map(|(ledger, count, size)| Op::Append { ledger, count, size }),
        2 => Just(Op::Settle),
        2 => (0..3000_u16).prop_map(|millis| Op::Pass { millis }),
        1 => ledger.clone().prop_map(|ledger| Op::Seal { ledger }),
        3 => (ledger.clone(), 0..4_u8).prop_map(|(ledger, keep)| Op::Trim { ledger, keep }),
        1 => ledger.prop_map(|ledger| Op::Forget { ledger }),
        1 => Just(Op::Kill),
        2 => Just(Op::PowerLoss),
        1 => Just(Op::CleanReboot),
        1 => any::<bool>().prop_map(|slow| Op::Slow { slow }),
    ]
}

/// What the ledger's writer knows. When a ledger ends, the next generation takes its place.
#[derive(Default)]
struct Model {
    generation: u64,
    /// Payload sizes of the frames made so far.
    sizes: Vec<usize>,
    /// Frames below were acknowledged.
    acked: u64,
    /// Frames below are asked to be trimmed; and so many trims were acknowledged.
    trim_asked: u64,
    trim_acked: u64,
    seal_asked: bool,
    /// The tail that a seal answered.
    sealed: Option<u64>,
    /// Power was lost while the ledger was open and its mode does not sync.
    limbo: bool,
}

type Pending = BoxFuture<'static, Result<u64, StoreError>>;

struct Run {
    host: Host,
    models: BTreeMap<u64, Model>,
    forgotten: Vec<u64>,
    /// Appends under way, in order, by ledger.
    appends: Vec<(u64, u64, Pending)>,
}

fn mode(ledger: u64) -> Mode {
    if ledger < 4 { FSYNC } else { RECEIVED }
}

impl Run {
    fn number(&self, slot: u64) -> u64 {
        slot + LEDGERS * self.models[&slot].generation
    }

    async fn apply(&mut self, op: &Op) {
        match *op {
            Op::Append { ledger, count, size } => self.append(ledger, count, usize::from(size)).await,
            Op::Settle => self.settle().await,
            Op::Pass { millis } => tokio::time::sleep(Duration::from_millis(millis.into())).await,
            Op::Seal { ledger } => self.seal(ledger).await,
            Op::Trim { ledger, keep } => self.trim(ledger, keep.into()).await,
            Op::Forget { ledger } => self.forget(ledger).await,
            Op::Kill => {
                self.poll();
                self.host.kill().await;
                self.come_back().await;
            }
            Op::PowerLoss => {
                self.poll();
                self.host.power_loss().await;
                for (slot, model) in &mut self.models {
                    model.limbo |= !mode(*slot).syncs() && model.sealed.is_none();
                }
                self.come_back().await;
            }
            Op::CleanReboot => {
                self.settle().await;
                self.host.reboot_cleanly().await;
                self.come_back().await;
            }
            Op::Slow { slow } => self.host.disk.set_slow(slow.then_some((Duration::from_millis(300), 3))),
        }
    }

    async fn append(&mut self, slot: u64, count: u8, size: usize) {
        if self.models[&slot].seal_asked {
            return;
        }
        for extra in 0..count {
            let id = ledger(self.number(slot));
            let model = self.models.get_mut(&slot).unwrap();
            let index = model.sizes.len() as u64;
            let size = size + usize::from(extra);
            model.sizes.push(size);
            let answer = self.host.store().append(frame(id, mode(slot), index, size));
            self.appends.push((slot, index, answer.map(move |result| result.map(|()| index)).boxed()));
        }
        self.poll();
    }

    /// Takes the answers that are there.
    fn poll(&mut self) {
        let mut full = BTreeMap::new();
        for (slot, index, mut answer) in std::mem::take(&mut self.appends) {
            match (&mut answer).now_or_never() {
                None => self.appends.push((slot, index, answer)),
                Some(result) => self.answered(slot, index, result, &mut full),
            }
        }
        self.cut_back(&full);
    }

    fn answered(
        &mut self,
        slot: u64,
        index: u64,
        result: Result<u64, StoreError>,
        full: &mut BTreeMap<u64, u64>,
    ) {
        match result {
            Ok(index) => {
                let model = self.models.get_mut(&slot).unwrap();
                assert!(index <= model.acked, "answers come in order");
                model.acked = model.acked.max(index + 1);
            }
            Err(StoreError::Full { .. } | StoreError::Gap { .. }) => {
                full.entry(slot).or_insert(index);
            }
            Err(error) => panic!("append of ledger {slot} frame {index}: {error}"),
        }
    }

    /// Frames that were refused are as if never made.
    fn cut_back(&mut self, full: &BTreeMap<u64, u64>) {
        for (slot, index) in full {
            self.models.get_mut(slot).unwrap().sizes.truncate(*index as usize);
        }
    }

    async fn settle(&mut self) {
        let mut full = BTreeMap::new();
        for (slot, index, answer) in std::mem::take(&mut self.appends) {
            let result = answer.await;
            self.answered(slot, index, result, &mut full);
        }
        self.cut_back(&full);
    }

    async fn seal(&mut self, slot: u64) {
        let id = ledger(self.number(slot));
        self.models.get_mut(&slot).unwrap().seal_asked = true;
        let answer = self.host.store().seal(id, mode(slot)).await.unwrap();
        self.settle().await;
        let model = self.models.get_mut(&slot).unwrap();
        assert_eq!(answer.missing, []);
        assert!(answer.trim.0 >= model.trim_acked && answer.trim.0 <= model.trim_asked);
        assert!(answer.tail.0 <= model.sizes.len() as u64);
        if answer.authoritative {
            assert!(answer.tail.0 >= model.acked, "{answer:?} denies what was acknowledged: {}", model.acked);
        }
        assert!(answer.authoritative || !mode(slot).syncs(), "nothing was damaged");
        assert!(answer.authoritative || model.limbo || model.sizes.is_empty(), "nothing was lost");
        if let Some(tail) = model.sealed {
            assert_eq!(answer.tail.0, tail);
        }
        model.sealed = Some(answer.tail.0);
        let again = self.host.store().append(frame(id, mode(slot), answer.tail.0, 10)).await;
        assert_eq!(again, Err(StoreError::Sealed(id)));
    }

    async fn trim(&mut self, slot: u64, keep: u64) {
        self.settle().await;
        let id = ledger(self.number(slot));
        let model = self.models.get_mut(&slot).unwrap();
        let before = model.acked.saturating_sub(keep).max(model.trim_asked);
        model.trim_asked = before;
        self.host.store().trim(id, Trim::Before(FrameIndex(before))).await.unwrap();
        // A sealed tail moves along.
        model.sealed = model.sealed.map(|tail| tail.max(before));
        let limbo = model.limbo;
        if !limbo {
            model.trim_acked = before;
        }
    }

    async fn forget(&mut self, slot: u64) {
        self.settle().await;
        let number = self.number(slot);
        let model = self.models.get_mut(&slot).unwrap();
        if model.sealed.is_none() {
            return;
        }
        self.host.store().trim(ledger(number), Trim::Forget).await.unwrap();
        self.forgotten.push(number);
        *model = Model { generation: model.generation + 1, ..Model::default() };
    }

    async fn come_back(&mut self) {
        self.appends.clear();
        self.host.start().await;
        self.check().await;
        // The writers reconnect: each goes on at the first frame that was not acknowledged.
        for slot in 0..LEDGERS {
            let id = ledger(self.number(slot));
            let model = self.models.get_mut(&slot).unwrap();
            if model.seal_asked {
                continue;
            }
            let (acked, sizes) = (model.acked, std::mem::take(&mut model.sizes));
            model.sizes = sizes[..acked as usize].to_vec();
            for (index, size) in sizes.iter().enumerate().skip(acked as usize) {
                match self.host.store().append(frame(id, mode(slot), index as u64, *size)).await {
                    Ok(()) => {
                        let model = self.models.get_mut(&slot).unwrap();
                        model.sizes.push(*size);
                        model.acked = index as u64 + 1;
                    }
                    Err(StoreError::Gap { .. }) => {
                        assert!(self.models[&slot].limbo, "only a store in limbo loses what it acknowledged");
                        self.models.get_mut(&slot).unwrap().seal_asked = true;
                        break;
                    }
                    // Held but not acknowledged frames stay as they are.
                    Err(StoreError::Full { .. }) => {
                        self.models.get_mut(&slot).unwrap().sizes = sizes.clone();
                        self.models.get_mut(&slot).unwrap().seal_asked = true;
                        break;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    async fn check(&self) {
        let store = self.host.store();
        for (slot, model) in &self.models {
            let id = ledger(self.number(*slot));
            let directory = store.directory(id, FrameIndex(0)).await.unwrap();
            let first = directory.first().map_or(model.trim_asked, |(index, _)| index.0);
            assert!(first <= model.trim_asked, "ledger {id}: nothing vanishes but by trims");
            assert!(directory.is_empty() || first >= model.trim_acked, "ledger {id}: trims stay");
            let end = directory.last().map_or(first, |(index, _)| index.0 + 1);
            assert!(end <= model.sizes.len() as u64, "ledger {id}: nothing comes from nowhere");
            let lasting = if model.limbo { 0 } else { model.acked };
            assert!(end >= lasting, "ledger {id}: {lasting} frames acknowledged, {end} there");
            for index in first..end {
                let expected = frame(id, mode(*slot), index, model.sizes[index as usize]);
                assert_holds(store, &expected).await;
            }
        }
        for number in &self.forgotten {
            let slot = number % LEDGERS;
            let zombie = store.append(frame(ledger(*number), mode(slot), 0, 10)).await;
            assert_eq!(zombie, Err(StoreError::Forgotten(ledger(*number))));
        }
    }
}

fn run(seed: u64, ops: &[Op], config: StoreConfig) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let host = Host::started(seed, config).await;
        let models = (0..LEDGERS).map(|slot| (slot, Model::default())).collect();
        let mut run = Run { host, models, forgotten: Vec::new(), appends: Vec::new() };
        for op in ops {
            run.apply(op).await;
        }
        run.settle().await;
        run.host.power_loss().await;
        for (slot, model) in &mut run.models {
            model.limbo |= !mode(*slot).syncs() && model.sealed.is_none();
        }
        run.host.start().await;
        run.check().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_acknowledged_is_there(seed in any::<u64>(), ops in prop::collection::vec(op(), 1..80)) {
        run(seed, &ops, small());
    }
}

/// Each rule, broken, must be noticed by the same test: or it tests nothing.
#[cfg(feature = "mutations")]
mod mutations {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use esker_wal::Mutations;
    use proptest::{strategy::ValueTree, test_runner::TestRunner};

    use super::*;

    fn is_noticed(mutations: Mutations) -> bool {
        let mut runner = TestRunner::deterministic();
        let histories = prop::collection::vec(op(), 1..80);
        (0..200).any(|seed| {
            let ops = histories.new_tree(&mut runner).unwrap().current();
            let config = StoreConfig { mutations, ..small() };
            catch_unwind(AssertUnwindSafe(|| run(seed, &ops, config))).is_err()
        })
    }

    #[test]
    fn acknowledging_before_the_sync_is_noticed() {
        assert!(is_noticed(Mutations { ack_before_fsync: true, ..Mutations::default() }));
    }

    #[test]
    fn a_seal_that_is_not_durable_is_noticed() {
        assert!(is_noticed(Mutations { seal_not_durable: true, ..Mutations::default() }));
    }

    #[test]
    fn accepting_after_a_seal_is_noticed() {
        assert!(is_noticed(Mutations { accept_after_seal: true, ..Mutations::default() }));
    }

    #[test]
    fn authority_in_limbo_is_noticed() {
        assert!(is_noticed(Mutations { limbo_authoritative: true, ..Mutations::default() }));
    }
}
