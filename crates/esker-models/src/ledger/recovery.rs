//! Recovery of a dead session's ledgers, in its order.

use super::{
    Descriptor, LedgerMode, LedgerModel, LedgerRule, LedgerState, Phase, Recoverer, Served,
    store::{Frames, SealAnswer, offset},
};

impl LedgerModel {
    pub(super) fn list(&self, state: &mut LedgerState) {
        let exists = |ledger: usize| state.ledgers[ledger].descriptor != Descriptor::Absent;
        state.listed = Some(std::array::from_fn(exists));
    }

    pub(super) fn begin(&self, state: &mut LedgerState, recoverer: usize, ledger: usize) {
        state.recoverers[recoverer] = Recoverer { ledger, phase: Phase::Sealing };
    }

    /// S3, S5.
    pub(super) fn seal(&self, state: &mut LedgerState, recoverer: usize, at: usize) -> Option<()> {
        let ledger = state.recoverers[recoverer].ledger;
        let store = &mut state.stores[at];
        if !store.takes_changes() {
            return None;
        }
        let held = &mut store.held[ledger];
        let unknown = held.frames.len() == 0 && !held.sealed;
        if self.keeps(LedgerRule::SealQueues) {
            let answers = !held.sealed && self.splits_sync() && self.mode == LedgerMode::Fsync;
            held.durable = held.frames.len();
            if answers {
                held.answered = held.frames.len();
            }
        }
        if self.keeps(LedgerRule::SealsBeforeTails) {
            held.sealed = true;
        }
        if unknown {
            held.doubt = self.mode == LedgerMode::Received
                && store.lost_power
                && self.keeps(LedgerRule::LimboMayNotDenyUnknown);
        }
        let authoritative = !held.doubt || !self.keeps(LedgerRule::LimboMayNotDeny);
        store.answers[recoverer] = Some(SealAnswer { tail: held.durable, authoritative });
        Some(())
    }

    pub(super) fn decide(&self, state: &mut LedgerState, recoverer: usize) -> Option<()> {
        let answers = || state.stores.iter().filter_map(|store| store.answers[recoverer]);
        let needed = self.read_quorum() - usize::from(!self.keeps(LedgerRule::WaitsForReadQuorum));
        if answers().filter(|answer| answer.authoritative).count() < needed {
            return None;
        }
        let tails = answers().map(|answer| answer.tail);
        let end =
            if self.keeps(LedgerRule::TakesLargestTail) { tails.max() } else { tails.min() }.unwrap_or(0);
        let ledger = state.recoverers[recoverer].ledger;
        for store in &mut state.stores {
            let Some(answer) = store.answers[recoverer] else { continue };
            store.filled[recoverer] = answer.tail >= end && store.held[ledger].is_whole(end);
            store.held[ledger].sealed = true;
        }
        state.recoverers[recoverer].phase = Phase::Repairing { end };
        Some(())
    }

    /// S4: makes one store that answered hold everything below the end.
    pub(super) fn fill(&self, state: &mut LedgerState, recoverer: usize, at: usize) -> Option<()> {
        let Recoverer { ledger, phase: Phase::Repairing { end } } = state.recoverers[recoverer] else {
            return None;
        };
        state.stores[at].answers[recoverer]?;
        let sources = state.stores.iter().filter(|store| !store.gone && store.answers[recoverer].is_some());
        let sources: Vec<_> = sources.map(|store| store.held[ledger]).collect();
        let read = |index: u8| sources.iter().find_map(|held| held.read(index));
        let store = &mut state.stores[at];
        if !store.takes_changes() || !store.held[ledger].sealed {
            return None;
        }
        let held = &mut store.held[ledger];
        if (1..=end).contains(&held.rotten) {
            read(held.rotten - 1)?;
            held.rotten = 0;
        }
        while held.frames.len() < end {
            held.frames.push(read(held.frames.len())?);
        }
        if self.keeps(LedgerRule::RepairIsDurable) {
            held.durable = held.frames.len();
        }
        store.filled[recoverer] = true;
        Some(())
    }

    /// What nobody can read any more was never committed if R - W + 1 stores deny it: the end is before it.
    pub(super) fn cut(&self, state: &mut LedgerState, recoverer: usize) -> Option<()> {
        let Recoverer { ledger, phase: Phase::Repairing { end } } = state.recoverers[recoverer] else {
            return None;
        };
        let answered = || state.stores.iter().filter(|store| store.answers[recoverer].is_some());
        let reads =
            |index: u8| answered().any(|store| !store.gone && store.held[ledger].read(index).is_some());
        let unreadable = (0..end).find(|index| !reads(*index))?;
        let denies = |answer: &SealAnswer| answer.authoritative && answer.tail <= unreadable;
        let denials = answered().filter_map(|store| store.answers[recoverer]).filter(denies).count();
        if denials < self.read_quorum() && self.keeps(LedgerRule::CutsOnlyWhatIsDenied) {
            return None;
        }
        for store in state.stores.iter_mut().filter(|store| store.answers[recoverer].is_some()) {
            store.filled[recoverer] = store.held[ledger].is_whole(unreadable);
        }
        state.recoverers[recoverer].phase = Phase::Repairing { end: unreadable };
        Some(())
    }

    pub(super) fn record(&self, state: &mut LedgerState, recoverer: usize) -> Option<()> {
        let Recoverer { ledger, phase: Phase::Repairing { end } } = state.recoverers[recoverer] else {
            return None;
        };
        // One that was filled and is gone since counts neither as a copy nor as one that is left.
        let left = state.stores.iter().filter(|store| !store.gone);
        let holders = left.clone().filter(|store| store.filled[recoverer]).count();
        let left = left.count();
        if holders < self.write_quorum.min(left.max(1)) && self.keeps(LedgerRule::RepairsBeforeRecording) {
            return None;
        }
        let found = &mut state.ledgers[ledger];
        if found.descriptor == Descriptor::Open || !self.keeps(LedgerRule::FirstEndWins) {
            found.descriptor = Descriptor::Sealed(end);
            found.ends = (found.ends + 1).min(2);
        }
        state.recoverers[recoverer] = Recoverer::default();
        for store in &mut state.stores {
            store.answers[recoverer] = None;
            store.filled[recoverer] = false;
        }
        Some(())
    }

    /// A new owner reads each ledger from a store that holds all of it; offsets give the order.
    pub(super) fn serve(&self, state: &mut LedgerState) -> Option<()> {
        let mut served = Served { log: Frames::default(), gap: false };
        for (number, ledger) in state.ledgers.iter().enumerate() {
            let Descriptor::Sealed(end) = ledger.descriptor else { continue };
            if !state.listed.is_some_and(|listed| listed[number]) || end == 0 {
                continue;
            }
            let mut copies = state.stores.iter().filter(|store| !store.gone);
            let frames = copies.find(|store| store.held[number].is_whole(end))?.held[number].frames;
            for record in frames.below(end).iter() {
                match offset(record) {
                    at if at < served.log.len() => {}
                    at if at == served.log.len() => served.log.push(record),
                    _ => served.gap = true,
                }
            }
        }
        state.served = Some(served);
        Some(())
    }
}
