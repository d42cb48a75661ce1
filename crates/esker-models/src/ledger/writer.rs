//! The writer, and what stores do with what it sends.

use super::{
    Descriptor, LedgerMode, LedgerModel, LedgerRule, LedgerState, R, Roll,
    store::{HOLE, Held, Record, Store, offset},
};

impl LedgerModel {
    pub(super) fn send(&self, state: &mut LedgerState) {
        let writer = &mut state.writer;
        let record: Record = 16 * u8::from(writer.restarted) + writer.produced + 1;
        writer.produced += 1;
        state.ledgers[writer.ledger].sent.push(record);
    }

    /// S1, S2: an append at the tail.
    pub(super) fn arrive(&self, state: &mut LedgerState, ledger: usize, at: usize) -> Option<()> {
        let store = &mut state.stores[at];
        let held = &mut store.held[ledger];
        let index = held.frames.len();
        if held.sealed && self.keeps(LedgerRule::RefusesWhenSealed) {
            return None;
        }
        // A store that lacks what it answered for has lost it, and gets no more (the writer takes it for dead).
        let resent = ledger == state.writer.ledger && index < store.heard;
        if resent && self.keeps(LedgerRule::NeverResendsAcked) {
            return None;
        }
        held.frames.push(state.ledgers[ledger].sent.get(index)?);
        self.accepted(held);
        Some(())
    }

    pub(super) fn arrive_early(&self, state: &mut LedgerState, at: usize) -> Option<()> {
        let held = &mut state.stores[at].held[state.writer.ledger];
        let sent = &state.ledgers[state.writer.ledger].sent;
        if held.sealed {
            return None;
        }
        while held.frames.len() + 1 < sent.len() {
            held.frames.push(HOLE);
        }
        held.frames.push(sent.get(sent.len() - 1)?);
        self.accepted(held);
        Some(())
    }

    /// A frame that the store holds: answered again while unsealed, if it is the same.
    pub(super) fn arrive_again(&self, state: &mut LedgerState, at: usize) -> Option<()> {
        let writing = state.writer.ledger;
        let held = &mut state.stores[at].held[writing];
        let index = held.answered;
        let same = held.frames.get(index) == state.ledgers[writing].sent.get(index);
        let may = !held.sealed || !self.keeps(LedgerRule::RepairIsNoAck);
        let durable = index < held.durable || self.mode == LedgerMode::Received;
        (same && may && durable).then(|| held.answered += 1)
    }

    fn accepted(&self, held: &mut Held) {
        if !self.splits_sync() {
            held.durable = held.frames.len();
        }
        if !self.splits_sync() || self.mode == LedgerMode::Received || !self.keeps(LedgerRule::AcksAfterSync)
        {
            // More than that only when answers of an earlier stream are still on their way.
            held.answered = held.answered.max(held.frames.len());
        }
    }

    /// Syncs all that the store has accepted, and answers.
    pub(super) fn sync(&self, store: &mut Store) {
        for held in &mut store.held {
            if !store.lies {
                held.durable = held.frames.len();
            }
            if !held.sealed || !self.keeps(LedgerRule::SealQueues) {
                held.answered = held.frames.len();
            }
        }
    }

    /// W1: one more answer, and what it commits.
    pub(super) fn hear(&self, state: &mut LedgerState, at: usize) {
        state.stores[at].heard += 1;
        let writer = &mut state.writer;
        if !writer.running || (writer.frozen && self.keeps(LedgerRule::NoAckAfterFreeze)) {
            return;
        }
        let mut heard = state.stores.map(|store| store.heard);
        heard.sort_unstable();
        let quorum = if self.keeps(LedgerRule::CommitsAtQuorum) { self.write_quorum } else { 1 };
        let end = heard[R - quorum];
        let ledger = &mut state.ledgers[writer.ledger];
        while writer.committed < end {
            let record = ledger.sent.get(writer.committed).expect("only what was sent is answered");
            writer.committed += 1;
            ledger.acked = ledger.acked.max(writer.committed);
            // Acked before by the incarnation that this one continues.
            if offset(record) >= state.acked.len() {
                state.acked.push(record);
            }
        }
    }

    /// W3: one transaction.
    pub(super) fn execute_roll(&self, state: &mut LedgerState) {
        // Sent again after a lost answer, it may arrive a second time.
        let again = state.writer.roll == Roll::Done;
        let stands = state.session || !self.keeps(LedgerRule::RollComparesSession);
        let unchanged =
            state.ledgers[0].descriptor == Descriptor::Open || !self.keeps(LedgerRule::RollComparesLedger);
        if !again {
            state.writer.roll = Roll::Refused;
        }
        if stands && unchanged {
            state.writer.roll = Roll::Done;
            let old = &mut state.ledgers[0];
            old.descriptor = Descriptor::Sealed(state.writer.committed);
            old.ends = (old.ends + 1).min(2);
            state.ledgers[1].descriptor = Descriptor::Open;
        }
    }

    /// W3, second half; W4.
    pub(super) fn hear_roll(&self, state: &mut LedgerState) {
        let writer = &mut state.writer;
        if writer.roll == Roll::Refused {
            writer.running = false;
            return;
        }
        let [old, new] = &mut state.ledgers;
        if self.keeps(LedgerRule::CarriesUnacked) {
            for record in old.sent.iter().skip(usize::from(writer.committed)) {
                new.sent.push(record);
            }
        }
        writer.ledger = 1;
        writer.committed = 0;
        writer.frozen = false;
        for store in &mut state.stores {
            store.heard = 0;
        }
    }

    pub(super) fn reopen(&self, state: &mut LedgerState, own: usize) {
        let writer = &mut state.writer;
        let frames = state.stores[own].held[writer.ledger].frames;
        state.ledgers[writer.ledger].sent = frames;
        writer.produced = frames.len();
        writer.restarted = true;
        writer.committed = 0;
        for store in &mut state.stores {
            store.heard = 0;
            store.held[writer.ledger].answered = 0;
        }
    }
}
