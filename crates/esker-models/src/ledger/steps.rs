//! What may happen next.

use super::{
    Descriptor, LedgerMode, LedgerModel, LedgerRule, LedgerState, Phase, R, Roll,
    store::{Held, Store},
};

/// One step. Stores are named by their place in the state, ledgers and recoverers by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The writer sends the next record in a frame.
    Send,
    /// The next frame arrives at a store.
    Arrive {
        /// Of this ledger.
        ledger: usize,
        /// There.
        store: usize,
    },
    /// The last frame arrives at a store that lacks one before it.
    ArriveEarly {
        /// There.
        store: usize,
    },
    /// A frame arrives that the store holds.
    ArriveAgain {
        /// There.
        store: usize,
    },
    /// A store syncs what it has accepted.
    Sync {
        /// Which.
        store: usize,
    },
    /// A store's sync fails.
    FailSync {
        /// Which.
        store: usize,
    },
    /// The writer hears a store's answer to one frame.
    Hear {
        /// Whose.
        store: usize,
    },
    /// The writer freezes its commit point and sends the roll's transaction.
    Freeze,
    /// The metadata store executes the roll.
    ExecuteRoll,
    /// The writer hears what came of it.
    HearRoll,
    /// The writer hears that the roll's outcome is unknown, and goes on in the old ledger (only when W4 is broken).
    Thaw,
    /// The writer restarts and goes on in its ledger, as its own store has it (only when W2 is broken).
    Reopen {
        /// Its own.
        store: usize,
    },
    /// A store loses its disk.
    LoseDisk {
        /// Which.
        store: usize,
    },
    /// A store loses power and comes back.
    LosePower {
        /// Which.
        store: usize,
    },
    /// A frame rots that a store has synced.
    Rot {
        /// Of this ledger.
        ledger: usize,
        /// There.
        store: usize,
        /// Which.
        index: u8,
    },
    /// Recovery, step 1.
    Fence,
    /// Step 2.
    List,
    /// A recoverer takes up a ledger.
    Begin {
        /// Who.
        recoverer: usize,
        /// Which.
        ledger: usize,
    },
    /// Step 3: a store is sealed, and its answer arrives.
    Seal {
        /// By whom.
        recoverer: usize,
        /// Which.
        store: usize,
    },
    /// Step 4.
    Decide {
        /// Who.
        recoverer: usize,
    },
    /// Step 5, for one store.
    Fill {
        /// Who.
        recoverer: usize,
        /// Which.
        store: usize,
    },
    /// Step 4, when nobody can read a frame below the end.
    Cut {
        /// Who.
        recoverer: usize,
    },
    /// Step 6, the ledger's part.
    Record {
        /// Who.
        recoverer: usize,
    },
    /// Step 6, the shards' part: somebody serves what the ledgers hold.
    Serve,
}

impl LedgerModel {
    pub(super) fn possible(&self, state: &LedgerState, steps: &mut Vec<Step>) {
        self.possible_for_writer(state, steps);
        for (at, store) in state.stores.iter().enumerate() {
            self.possible_at_store(state, at, store, steps);
        }
        self.possible_for_recovery(state, steps);
    }

    fn possible_for_writer(&self, state: &LedgerState, steps: &mut Vec<Step>) {
        let writer = &state.writer;
        if !writer.running {
            return;
        }
        if !writer.frozen && writer.produced < self.records {
            steps.push(Step::Send);
        }
        if self.rolls && writer.roll == Roll::None && !writer.frozen {
            steps.push(Step::Freeze);
        }
        if writer.frozen && matches!(writer.roll, Roll::Done | Roll::Refused) {
            steps.push(Step::HearRoll);
        }
        if writer.frozen && !self.keeps(LedgerRule::UnknownRollIsTheEnd) {
            steps.push(Step::Thaw);
        }
        if !self.keeps(LedgerRule::NeverReopens) && !writer.restarted {
            steps.extend((0..R).map(|store| Step::Reopen { store }));
        }
    }

    fn possible_at_store(&self, state: &LedgerState, at: usize, store: &Store, steps: &mut Vec<Step>) {
        let writing = state.writer.ledger;
        if store.heard < store.held[writing].answered {
            steps.push(Step::Hear { store: at });
        }
        if store.gone {
            return;
        }
        if store.takes_changes() {
            for (ledger, held) in store.held.iter().enumerate() {
                if held.frames.len() < state.ledgers[ledger].sent.len() {
                    steps.push(Step::Arrive { ledger, store: at });
                }
            }
            let held = &store.held[writing];
            if !self.keeps(LedgerRule::RefusesGaps)
                && held.frames.len() + 1 < state.ledgers[writing].sent.len()
            {
                steps.push(Step::ArriveEarly { store: at });
            }
            if held.answered < held.frames.len() {
                steps.push(Step::ArriveAgain { store: at });
            }
            let unsynced = |held: &Held| held.durable < held.frames.len();
            if self.splits_sync() && store.held.iter().any(unsynced) {
                steps.push(Step::Sync { store: at });
                if state.sync_failures < self.sync_failures {
                    steps.push(Step::FailSync { store: at });
                }
            }
        }
        if state.disk_losses < self.disk_losses {
            steps.push(Step::LoseDisk { store: at });
        }
        if state.power_losses < self.power_losses {
            steps.push(Step::LosePower { store: at });
        }
        if state.rots < self.rots {
            for (ledger, held) in store.held.iter().enumerate().filter(|(_, held)| held.rotten == 0) {
                steps.extend((0..held.durable).map(|index| Step::Rot { ledger, store: at, index }));
            }
        }
    }

    fn possible_for_recovery(&self, state: &LedgerState, steps: &mut Vec<Step>) {
        if matches!(state.writer.roll, Roll::Sent | Roll::Done) {
            steps.push(Step::ExecuteRoll);
        }
        let lists_first = !self.keeps(LedgerRule::FenceBeforeList);
        if state.session && (!lists_first || state.listed.is_some()) {
            steps.push(Step::Fence);
        }
        if state.listed.is_none() && (!state.session || lists_first) {
            steps.push(Step::List);
        }
        let Some(listed) = state.listed.filter(|_| !state.session) else { return };
        let is_open = |ledger: usize| state.ledgers[ledger].descriptor == Descriptor::Open;
        for (recoverer, work) in state.recoverers.iter().enumerate().take(self.recoverers) {
            match work.phase {
                Phase::Idle => {
                    let open = (0..listed.len()).filter(|&ledger| listed[ledger] && is_open(ledger));
                    steps.extend(open.map(|ledger| Step::Begin { recoverer, ledger }));
                }
                Phase::Sealing => {
                    let unasked = |store: &usize| state.stores[*store].answers[recoverer].is_none();
                    steps.extend((0..R).filter(unasked).map(|store| Step::Seal { recoverer, store }));
                    steps.push(Step::Decide { recoverer });
                }
                Phase::Repairing { .. } => {
                    let lacks = |store: &usize| !state.stores[*store].filled[recoverer];
                    steps.extend((0..R).filter(lacks).map(|store| Step::Fill { recoverer, store }));
                    if self.rots > 0 {
                        steps.push(Step::Cut { recoverer });
                    }
                    steps.push(Step::Record { recoverer });
                }
            }
        }
        if state.served.is_none() && (0..listed.len()).all(|ledger| !listed[ledger] || !is_open(ledger)) {
            steps.push(Step::Serve);
        }
    }

    /// Does it; `None` when it comes to nothing.
    pub(super) fn take(&self, state: &mut LedgerState, step: Step) -> Option<()> {
        match step {
            Step::Send => self.send(state),
            Step::Arrive { ledger, store } => return self.arrive(state, ledger, store),
            Step::ArriveEarly { store } => return self.arrive_early(state, store),
            Step::ArriveAgain { store } => return self.arrive_again(state, store),
            Step::Sync { store } => self.sync(&mut state.stores[store]),
            Step::FailSync { store } => {
                state.sync_failures += 1;
                state.stores[store].failed = self.keeps(LedgerRule::FailedSyncIsFinal);
                state.stores[store].lies = true;
            }
            Step::Hear { store } => self.hear(state, store),
            Step::Freeze => {
                state.writer.frozen = true;
                state.writer.roll = Roll::Sent;
            }
            Step::ExecuteRoll => self.execute_roll(state),
            Step::HearRoll => self.hear_roll(state),
            Step::Thaw => state.writer.frozen = false,
            Step::Reopen { store } => self.reopen(state, store),
            Step::LoseDisk { store } => self.lose_disk(state, store),
            Step::LosePower { store } => self.lose_power(state, store),
            Step::Rot { ledger, store, index } => {
                state.rots += 1;
                state.stores[store].held[ledger].rotten = index + 1;
            }
            Step::Fence => state.session = false,
            Step::List => self.list(state),
            Step::Begin { recoverer, ledger } => self.begin(state, recoverer, ledger),
            Step::Seal { recoverer, store } => return self.seal(state, recoverer, store),
            Step::Decide { recoverer } => return self.decide(state, recoverer),
            Step::Fill { recoverer, store } => return self.fill(state, recoverer, store),
            Step::Cut { recoverer } => return self.cut(state, recoverer),
            Step::Record { recoverer } => return self.record(state, recoverer),
            Step::Serve => return self.serve(state),
        }
        Some(())
    }

    fn lose_disk(&self, state: &mut LedgerState, at: usize) {
        state.disk_losses += 1;
        let store = &mut state.stores[at];
        if self.keeps(LedgerRule::BlankIsAnotherStore) {
            store.gone = true;
        } else {
            store.held = Default::default();
        }
    }

    fn lose_power(&self, state: &mut LedgerState, at: usize) {
        state.power_losses += 1;
        let store = &mut state.stores[at];
        store.lost_power = true;
        store.lies = false;
        for (ledger, held) in store.held.iter_mut().enumerate() {
            held.frames.truncate(held.durable);
            if held.rotten > held.frames.len() {
                held.rotten = 0;
            }
            if self.keeps(LedgerRule::AnswersEndWithStream) {
                held.answered = if ledger == state.writer.ledger { store.heard } else { 0 };
            }
            if !self.keeps(LedgerRule::SealIsDurable) {
                held.sealed = false;
            }
            let known = held.frames.len() > 0 || held.sealed;
            held.doubt = known && (held.doubt || (self.mode == LedgerMode::Received && !held.sealed));
        }
    }
}
