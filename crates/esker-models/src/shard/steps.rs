//! What may happen next.

use super::{
    LEDGERS, SESSIONS, ShardModel, ShardRule, ShardState,
    state::{Descriptor, Move, Txn},
};

/// One step. Sessions are named by number, transactions by their place among those on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A client's record is given to the lane.
    Append {
        /// Where.
        session: usize,
    },
    /// W stores hold it, and the client hears so.
    Ack {
        /// Where.
        session: usize,
    },
    /// Records up to `end` are uploaded.
    Upload {
        /// By whom.
        session: usize,
        /// Offset after the last one.
        end: u8,
    },
    /// The pointer's move is sent.
    SendCommit {
        /// By whom.
        session: usize,
    },
    /// A transaction happens, if its comparisons hold.
    Happen {
        /// Which.
        txn: usize,
    },
    /// A transaction is lost.
    Lose {
        /// Which.
        txn: usize,
    },
    /// The owner reads the pointer.
    ReadPointer {
        /// Who.
        session: usize,
    },
    /// The log goes where nobody needs it.
    Trim {
        /// By whom.
        session: usize,
    },
    /// A session forgets a ledger that it has left and trimmed.
    Retire {
        /// Who.
        session: usize,
    },
    /// A planned move begins: appends wait.
    Hold {
        /// Where.
        session: usize,
    },
    /// The hand-over is sent.
    HandOver {
        /// By whom.
        from: usize,
        /// To whom.
        to: usize,
    },
    /// The owner looks what became of the hand-over.
    ReadRecord {
        /// Who.
        session: usize,
    },
    /// A session ends; its broker does not know.
    End {
        /// Which.
        session: usize,
    },
    /// A dead session's ledger gets its end.
    Seal {
        /// Whose.
        session: usize,
        /// Which of its ledgers.
        number: usize,
        /// Whether what was not acked is found.
        all: bool,
    },
    /// A recovery sends the change of owner.
    Recover {
        /// To whom.
        to: usize,
    },
    /// A session opens the shard that it was given.
    Open {
        /// Who.
        session: usize,
    },
    /// The controller forgets a dead session's ledger.
    Forget {
        /// Whose.
        session: usize,
        /// Which of its ledgers.
        number: usize,
    },
}

impl ShardModel {
    pub(super) fn possible(&self, state: &ShardState, steps: &mut Vec<Step>) {
        for session in 0..SESSIONS {
            self.possible_in_session(state, session, steps);
            if state.sessions[session].over {
                for number in 0..LEDGERS {
                    if state.sessions[session].ledgers[number].descriptor == Descriptor::Open {
                        steps.extend([true, false].map(|all| Step::Seal { session, number, all }));
                    }
                    steps.push(Step::Forget { session, number });
                }
            }
        }
        for txn in 0..state.txns.len() {
            steps.extend([Step::Happen { txn }, Step::Lose { txn }]);
        }
        if state.sessions[state.owner].over && state.recoveries < 2 * self.deaths {
            let living = (0..SESSIONS).filter(|to| !state.sessions[*to].over);
            steps.extend(living.map(|to| Step::Recover { to }));
        }
    }

    fn possible_in_session(&self, state: &ShardState, session: usize, steps: &mut Vec<Step>) {
        let this = &state.sessions[session];
        steps.push(Step::Trim { session });
        steps.push(Step::Retire { session });
        steps.push(Step::Ack { session });
        if !this.over && state.deaths < self.deaths {
            steps.push(Step::End { session });
        }
        let Some(open) = &this.open else {
            if state.owner == session {
                steps.push(Step::Open { session });
            }
            return;
        };
        let writes = open.moving == Move::None || !self.keeps(ShardRule::HoldsBeforeHandOver);
        if writes && open.log.len() < self.records {
            steps.push(Step::Append { session });
        }
        let uploads = open.archived_end + 1..=open.high_watermark;
        steps.extend(uploads.filter(|end| *end != open.uploaded).map(|end| Step::Upload { session, end }));
        if state.commits < self.commits {
            steps.push(Step::SendCommit { session });
        }
        steps.push(Step::ReadPointer { session });
        match open.moving {
            Move::None if state.moves < self.moves => steps.push(Step::Hold { session }),
            Move::None => {}
            Move::Held => {
                let others = (0..SESSIONS).filter(|to| *to != session && !state.sessions[*to].over);
                steps.extend(others.map(|to| Step::HandOver { from: session, to }));
            }
            Move::Sent { .. } => steps.push(Step::ReadRecord { session }),
        }
    }

    /// Does it; `None` when it comes to nothing.
    pub(super) fn take(&self, state: &mut ShardState, step: Step) -> Option<()> {
        match step {
            Step::Append { session } => self.append(state, session),
            Step::Ack { session } => self.ack(state, session),
            Step::Upload { session, end } => {
                state.sessions[session].open.as_mut()?.uploaded = end;
                Some(())
            }
            Step::SendCommit { session } => self.send_commit(state, session),
            Step::Happen { txn } => {
                let txn = state.txns.remove(txn);
                match txn {
                    Txn::Commit { .. } => self.commit(state, txn),
                    Txn::HandOver { .. } => self.hand_over_happens(state, txn),
                    Txn::Recover { .. } => self.recovery_happens(state, txn),
                }
                Some(())
            }
            Step::Lose { txn } => {
                state.txns.remove(txn);
                Some(())
            }
            Step::ReadPointer { session } => self.read_pointer(state, session),
            Step::Trim { session } => self.trim(state, session),
            Step::Retire { session } => self.retire(state, session),
            Step::Hold { session } => {
                state.moves += 1;
                state.sessions[session].open.as_mut()?.moving = Move::Held;
                Some(())
            }
            Step::HandOver { from, to } => self.hand_over(state, from, to),
            Step::ReadRecord { session } => self.read_record(state, session),
            Step::End { session } => {
                state.deaths += 1;
                state.sessions[session].over = true;
                Some(())
            }
            Step::Seal { session, number, all } => self.seal(state, session, number, all),
            Step::Recover { to } => self.recover(state, to),
            Step::Open { session } => self.open(state, session),
            Step::Forget { session, number } => self.forget(state, session, number),
        }
    }
}
