//! Changes of owner: planned, with and without the object store, and by recovery; and what may be forgotten after them.

use super::{
    LEDGERS, ShardModel, ShardRule, ShardState,
    owner::needs,
    state::{Descriptor, Ledgers, Move, Txn},
};

impl ShardModel {
    /// Sends the hand-over: when objects hold everything and nothing is pending, or with the object store down along
    /// with the session's sealed ledgers.
    pub(super) fn hand_over(&self, state: &mut ShardState, from: usize, to: usize) -> Option<()> {
        let flushed = !state.pending.iter().flatten().any(|pending| *pending);
        let this = &mut state.sessions[from];
        let open = this.open?;
        if open.high_watermark < open.log.len() && self.keeps(ShardRule::HoldsBeforeHandOver) {
            return None;
        }
        let archived = flushed && open.archived_end == open.high_watermark;
        let mut keep = Ledgers::default();
        if !archived && self.keeps(ShardRule::HandsOverAll) {
            if !self.outage {
                return None;
            }
            if !roll(this) {
                return None;
            }
            keep[from] = this
                .ledgers
                .map(|ledger| matches!(ledger.descriptor, Descriptor::Sealed(_)) && needs(&open, &ledger));
            for (kept, keep) in this.kept.iter_mut().zip(keep[from]) {
                *kept |= keep;
            }
        }
        this.open.as_mut()?.moving = Move::Sent { to };
        state.send(Txn::HandOver { session: from, epoch: open.epoch, revision: state.revision, to, keep });
        Some(())
    }

    pub(super) fn hand_over_happens(&self, state: &mut ShardState, txn: Txn) {
        let Txn::HandOver { session, epoch, to, keep, .. } = txn else { return };
        let stand = !state.sessions[session].over && !state.sessions[to].over;
        let owns = state.owner == session && state.epoch == epoch;
        if owns {
            // Sent again after a lost answer, it may arrive a second time.
            state.send(txn);
        } else if self.keeps(ShardRule::HandOverComparesRecord) {
            return;
        }
        if !stand {
            return;
        }
        state.owner = to;
        state.epoch = epoch + 1;
        add(&mut state.pending, &keep);
        state.revision += 1;
    }

    /// What became of the hand-over, by the shard's record.
    pub(super) fn read_record(&self, state: &mut ShardState, session: usize) -> Option<()> {
        let open = state.sessions[session].open.as_mut()?;
        let Move::Sent { to } = open.moving else { return None };
        let trusts_owner = !self.keeps(ShardRule::OutcomeByEpoch) && state.owner == session;
        if state.epoch != open.epoch && !trusts_owner {
            state.sessions[session].open = None;
            return Some(());
        }
        // Not yet, and never only if the target is gone: the transaction compares its session.
        let never = state.sessions[to].over || state.epoch != open.epoch;
        let open = state.sessions[session].open.as_mut()?;
        if never || !self.keeps(ShardRule::HeldUntilKnown) {
            open.moving = Move::None;
            return Some(());
        }
        None
    }

    pub(super) fn seal(
        &self,
        state: &mut ShardState,
        session: usize,
        number: usize,
        all: bool,
    ) -> Option<()> {
        let ledger = &mut state.sessions[session].ledgers[number];
        let end = if all { ledger.entries.len() } else { ledger.committed };
        ledger.descriptor = Descriptor::Sealed(end);
        Some(())
    }

    /// Sends the change of owner for a shard of a dead session, once that session's ledgers have their ends.
    pub(super) fn recover(&self, state: &mut ShardState, to: usize) -> Option<()> {
        let dead = &state.sessions[state.owner];
        let open = dead.ledgers.iter().any(|ledger| ledger.descriptor == Descriptor::Open);
        if open && self.keeps(ShardRule::EndsBeforeOwners) {
            return None;
        }
        let mut pending =
            if self.keeps(ShardRule::PendingGrows) { state.pending } else { Ledgers::default() };
        for (pending, ledger) in pending[state.owner].iter_mut().zip(&dead.ledgers) {
            // One that ended before its first frame holds nothing.
            *pending |= matches!(ledger.descriptor, Descriptor::Open | Descriptor::Sealed(1..));
        }
        state.recoveries += 1;
        state.send(Txn::Recover { revision: state.revision, epoch: state.epoch + 1, to, pending });
        Some(())
    }

    pub(super) fn recovery_happens(&self, state: &mut ShardState, txn: Txn) {
        let Txn::Recover { revision, epoch, to, pending } = txn else { return };
        let unchanged = state.revision == revision;
        if state.sessions[to].over || (!unchanged && self.keeps(ShardRule::MoveComparesRecord)) {
            return;
        }
        state.owner = to;
        state.epoch = epoch;
        state.pending = pending;
        state.revision += 1;
    }

    /// A dead session's ledger goes once no shard has it pending and none names the session.
    pub(super) fn forget(&self, state: &mut ShardState, session: usize, number: usize) -> Option<()> {
        let pending = state.pending[session][number] && self.keeps(ShardRule::ForgetHeedsPending);
        let named = state.owner == session && self.keeps(ShardRule::ForgetHeedsOwner);
        let ledger = &mut state.sessions[session].ledgers[number];
        let sealed = matches!(ledger.descriptor, Descriptor::Sealed(_));
        (sealed && !pending && !named).then(|| ledger.descriptor = Descriptor::Deleted)
    }
}

/// Leaves the ledger that the session writes, everything in it being acked; false when there is none to go to.
fn roll(session: &mut super::state::Session) -> bool {
    let old = session.writing;
    let ledger = &session.ledgers[old];
    if old + 1 == LEDGERS
        || session.over
        || ledger.descriptor != Descriptor::Open
        || ledger.committed < ledger.entries.len()
    {
        return false;
    }
    session.ledgers[old].descriptor = Descriptor::Sealed(session.ledgers[old].committed);
    session.ledgers[old + 1].descriptor = Descriptor::Open;
    session.writing = old + 1;
    true
}

fn add(to: &mut Ledgers, more: &Ledgers) {
    for (to, more) in to.iter_mut().flatten().zip(more.iter().flatten()) {
        *to |= more;
    }
}
