//! What an owner does: appends, offload, trim, opening.

use super::{
    LEDGERS, ShardModel, ShardRule, ShardState,
    state::{Descriptor, Ledger, Ledgers, Move, Open, Pointer, Txn, entry, entry_offset, entry_record},
};

impl ShardModel {
    pub(super) fn append(&self, state: &mut ShardState, session: usize) -> Option<()> {
        let this = &mut state.sessions[session];
        let open = this.open.as_mut()?;
        let ledger = &mut this.ledgers[this.writing];
        if ledger.entries.len() == self.records {
            return None;
        }
        ledger.entries.push(entry(open.log.len(), open.epoch));
        open.log.push(open.epoch + 1);
        Some(())
    }

    /// W stores hold the next entry: before the ledger is sealed, or below its end and heard of late.
    pub(super) fn ack(&self, state: &mut ShardState, session: usize) -> Option<()> {
        let this = &mut state.sessions[session];
        let ledger = &mut this.ledgers[this.writing];
        let next = ledger.entries.get(ledger.committed)?;
        match ledger.descriptor {
            Descriptor::Open => {}
            Descriptor::Sealed(end) if ledger.committed < end => {}
            _ => return None,
        }
        ledger.committed += 1;
        let (offset, record) = (entry_offset(next), entry_record(next));
        if let Some(open) = this.open.as_mut().filter(|open| open.epoch + 1 == record) {
            open.high_watermark = open.high_watermark.max(offset + 1);
        }
        match state.acked.get(offset) {
            Some(known) => state.clash |= known != record,
            // Below it lies what a recovery adopted and nobody has acked.
            None if offset > state.acked.len() => {
                let log = this.open.as_ref()?.log;
                for at in state.acked.len()..offset {
                    state.acked.push(log.get(at)?);
                }
                state.acked.push(record);
            }
            None => state.acked.push(record),
        }
        Some(())
    }

    pub(super) fn send_commit(&self, state: &mut ShardState, session: usize) -> Option<()> {
        let open = state.sessions[session].open?;
        if open.uploaded <= open.archived_end {
            return None;
        }
        let mut clear = Ledgers::default();
        for (whose, number, ledger) in state.ledgers(&state.pending) {
            let left = ledger.readable().any(|entry| entry_offset(entry) >= open.uploaded);
            clear[whose][number] = !left || !self.keeps(ShardRule::ClearsOnlyArchived);
        }
        let (epoch, revision) = (open.epoch, open.revision);
        let log = open.log.below(open.uploaded);
        state.commits += 1;
        state.send(Txn::Commit { session, epoch, revision, log, clear });
        if !self.keeps(ShardRule::ReadsAgainAfterLostAnswer) {
            state.sessions[session].open.as_mut()?.archived_end = open.uploaded;
        }
        Some(())
    }

    pub(super) fn commit(&self, state: &mut ShardState, txn: Txn) {
        let Txn::Commit { session, epoch, revision, log, clear } = txn else { return };
        let owns = !state.sessions[session].over && state.owner == session && state.epoch == epoch;
        let newest = state.pointer.revision == revision;
        if (!owns && self.keeps(ShardRule::CommitComparesEpoch))
            || (!newest && self.keeps(ShardRule::CommitComparesRevision))
        {
            return;
        }
        state.clash |= !log.starts_with(&state.pointer.log);
        state.former = state.pointer;
        state.pointer = Pointer { revision: state.pointer.revision + 1, epoch, log };
        for (pending, clear) in state.pending.iter_mut().flatten().zip(clear.iter().flatten()) {
            *pending &= !clear;
        }
        state.revision += 1;
    }

    /// What became of a commit: the pointer tells, if it was moved under this epoch.
    pub(super) fn read_pointer(&self, state: &mut ShardState, session: usize) -> Option<()> {
        let pointer = state.pointer;
        let open = state.sessions[session].open.as_mut()?;
        if pointer.epoch != open.epoch || pointer.revision == open.revision {
            return None;
        }
        open.revision = pointer.revision;
        open.archived_end = pointer.log.len();
        Some(())
    }

    /// Trims what the session wrote: up to the first entry that the shard, if it is open here, still needs.
    pub(super) fn trim(&self, state: &mut ShardState, session: usize) -> Option<()> {
        let this = &mut state.sessions[session];
        let needed = this.open.map_or(u8::MAX, |open| match self.keeps(ShardRule::TrimsAfterCommit) {
            true => open.archived_end,
            false => open.archived_end.max(open.uploaded),
        });
        for (ledger, kept) in this.ledgers.iter_mut().zip(this.kept) {
            if kept && self.keeps(ShardRule::KeptIsNotTrimmed) {
                continue;
            }
            let mut committed = ledger.entries.below(ledger.committed).iter();
            let unneeded = committed.position(|entry| entry_offset(entry) >= needed);
            let floor = unneeded.map_or(ledger.committed, |at| at as u8);
            ledger.trimmed = ledger.trimmed.max(floor);
        }
        Some(())
    }

    /// The session forgets a ledger that it has left, once it is trimmed to its end.
    pub(super) fn retire(&self, state: &mut ShardState, session: usize) -> Option<()> {
        let this = &mut state.sessions[session];
        for number in 0..LEDGERS {
            let needs = this.open.is_some_and(|open| needs(&open, &this.ledgers[number]));
            let kept = this.kept[number] && self.keeps(ShardRule::KeptIsNotRetired);
            let left = number != this.writing && !this.over;
            let ledger = &mut this.ledgers[number];
            if left && !kept && !needs && matches!(ledger.descriptor, Descriptor::Sealed(_)) {
                ledger.descriptor = Descriptor::Deleted;
            }
        }
        Some(())
    }

    /// Rows are rebuilt from the manifest and from the pending ledgers.
    pub(super) fn open(&self, state: &mut ShardState, session: usize) -> Option<()> {
        let earlier = !self.keeps(ShardRule::OpensUnderNewEpoch);
        let pointer = if earlier { state.former } else { state.pointer };
        let mut log = pointer.log;
        let mut entries: Vec<u8> =
            state.ledgers(&state.pending).flat_map(|(_, _, ledger)| ledger.readable()).collect();
        entries.sort_unstable_by_key(|entry| entry_offset(*entry));
        let unsealed = state
            .ledgers(&state.pending)
            .any(|(_, _, ledger)| !matches!(ledger.descriptor, Descriptor::Sealed(_) | Descriptor::Deleted));
        if unsealed && self.keeps(ShardRule::EndsBeforeOwners) {
            return None;
        }
        for entry in entries {
            match entry_offset(entry) {
                at if at < log.len() => {}
                at if at == log.len() => log.push(entry_record(entry)),
                _ => state.hole = true,
            }
        }
        let kept = state
            .ledgers(&state.pending)
            .any(|(whose, number, _)| state.sessions[whose].kept[number] && !state.sessions[whose].over);
        state.kept_opened |= kept;
        state.sessions[session].open = Some(Open {
            epoch: state.epoch,
            log,
            high_watermark: log.len(),
            archived_end: pointer.log.len(),
            uploaded: pointer.log.len(),
            revision: state.pointer.revision,
            moving: Move::None,
        });
        Some(())
    }
}

/// Whether objects lack something that is in the ledger.
pub(super) fn needs(open: &Open, ledger: &Ledger) -> bool {
    ledger.readable().any(|entry| entry_offset(entry) >= open.archived_end)
}
