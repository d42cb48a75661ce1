//! What clients see of a leader that does not know that it is none any more: the read-index round.
//!
//! An old leader, the stores of its ledger, a recovery that seals them one by one, a new leader. A client goes to either
//! and remembers what it was told.

use stateright::{Model, Property};

/// R and W.
const STORES: u8 = 3;
const WRITE_QUORUM: u8 = 2;
/// Records that each leader may commit.
const MOST: u8 = 2;

/// A rule for answers to clients, left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatermarkRule {
    /// Before `OFFSET_OUT_OF_RANGE` above the high watermark the leader confirms its ledger.
    ConfirmsOutOfRange,
    /// Before an offset fetch the coordinator confirms its ledger.
    ConfirmsOffsetFetch,
    /// W stores confirm it, not fewer.
    ConfirmsAtQuorum,
    /// The round begins after the request has come.
    ConfirmsAfterRequest,
    /// Nothing is confirmed once a hand-over was sent: the session stands then, and its stores say so.
    ConfirmsNothingHandedOver,
    /// A request that names a later leader epoch is refused.
    ComparesLeaderEpoch,
}

/// Answers to clients, bounded.
#[derive(Clone, Copy, Debug)]
pub struct WatermarkModel {
    /// Whether the client names the leader epoch that it knows. One that does not may be shown an older high watermark by
    /// a zombie: the read-index round is not made for every fetch.
    pub names_epochs: bool,
    /// A rule to leave out.
    pub without: Option<WatermarkRule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Question {
    /// A fetch above the high watermark.
    Range,
    /// An offset fetch, asked when this much had been acked.
    Offset { acked: u8 },
}

/// One state of the world.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct WatermarkState {
    /// Acked by the old leader: its high watermark.
    old: u8,
    /// The new leader's, once there is one.
    new: Option<u8>,
    sealed: u8,
    /// A planned move was sent: the old leader appends no more, and does not know whether it has happened.
    handed: bool,
    /// The client's position, and the highest watermark that it was told.
    position: u8,
    seen: u8,
    /// The newest leader epoch that it has heard of.
    epoch: u8,
    /// A question at the old leader.
    question: Option<Question>,
    confirmed: bool,
    wrong_range: bool,
    stale_offset: bool,
    went_back: bool,
    refused: bool,
    answered: bool,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The old leader commits a record.
    CommitOld,
    /// A recovery seals a store.
    Seal,
    /// The old leader hands its shard over.
    HandOver,
    /// The new leader opens, with what was not acked or without.
    Open {
        /// With.
        adopts: bool,
    },
    /// The new leader commits a record.
    CommitNew,
    /// The client fetches from the new leader.
    FetchNew,
    /// The client fetches from the old leader.
    FetchOld,
    /// The client asks the old leader, as its coordinator, for an offset.
    AskOffset,
    /// The old leader makes a read-index round.
    Confirm,
    /// It answers the question.
    Answer,
    /// It says that it is not the leader.
    Refuse,
}

impl WatermarkModel {
    fn keeps(&self, rule: WatermarkRule) -> bool {
        self.without != Some(rule)
    }

    /// Enough stores to seal that no append can commit.
    const fn is_over(state: &WatermarkState) -> bool {
        STORES - state.sealed < WRITE_QUORUM
    }

    fn may_confirm(&self, state: &WatermarkState) -> bool {
        let asked = state.question.is_some() || !self.keeps(WatermarkRule::ConfirmsAfterRequest);
        let needed = if self.keeps(WatermarkRule::ConfirmsAtQuorum) { WRITE_QUORUM } else { 1 };
        let handed = state.handed && self.keeps(WatermarkRule::ConfirmsNothingHandedOver);
        asked && !handed && !state.confirmed && STORES - state.sealed >= needed
    }

    fn fetch_old(&self, state: &mut WatermarkState) {
        let newer = self.names_epochs && state.epoch > 0;
        if newer && self.keeps(WatermarkRule::ComparesLeaderEpoch) {
            state.refused = true;
        } else if state.position > state.old {
            state.question = Some(Question::Range);
        } else {
            state.went_back |= state.old < state.seen;
            state.seen = state.seen.max(state.old);
            state.position = state.old.min(state.position + 1);
        }
    }

    fn answer(&self, state: &mut WatermarkState) -> Option<()> {
        let rule = match state.question? {
            Question::Range => WatermarkRule::ConfirmsOutOfRange,
            Question::Offset { .. } => WatermarkRule::ConfirmsOffsetFetch,
        };
        if !state.confirmed && self.keeps(rule) {
            return None;
        }
        match state.question.take()? {
            // Every position of the client was handed out as valid.
            Question::Range => state.wrong_range = true,
            Question::Offset { acked } => state.stale_offset |= state.old < acked,
        }
        state.confirmed = false;
        state.answered = true;
        Some(())
    }

    fn take(&self, state: &mut WatermarkState, step: Step) -> Option<()> {
        match step {
            Step::CommitOld => state.old += 1,
            Step::Seal => state.sealed += 1,
            Step::HandOver => {
                state.handed = true;
            }
            Step::Open { adopts } => state.new = Some(state.old + u8::from(adopts)),
            Step::CommitNew => state.new = state.new.map(|end| end + 1),
            Step::FetchNew => {
                let end = state.new?;
                state.went_back |= end < state.seen;
                state.position = end.min(state.position + 1);
                (state.seen, state.epoch) = (end.max(state.seen), 1);
            }
            Step::FetchOld => self.fetch_old(state),
            Step::AskOffset => {
                state.question = Some(Question::Offset { acked: state.new.unwrap_or(state.old) })
            }
            Step::Confirm => state.confirmed = true,
            Step::Answer => return self.answer(state),
            Step::Refuse => {
                state.question = None;
                state.confirmed = false;
                state.refused = true;
            }
        }
        Some(())
    }
}

impl Model for WatermarkModel {
    type State = WatermarkState;
    type Action = Step;

    fn init_states(&self) -> Vec<WatermarkState> {
        vec![WatermarkState::default()]
    }

    fn actions(&self, state: &WatermarkState, steps: &mut Vec<Step>) {
        if !Self::is_over(state) && !state.handed {
            if state.old < MOST {
                steps.push(Step::CommitOld);
            }
            steps.push(Step::HandOver);
        }
        if state.sealed < STORES {
            steps.push(Step::Seal);
        }
        match state.new {
            None if state.handed => steps.push(Step::Open { adopts: false }),
            None if Self::is_over(state) => {
                steps.extend([true, false].map(|adopts| Step::Open { adopts }));
            }
            Some(end) if end < 2 * MOST => steps.push(Step::CommitNew),
            _ => {}
        }
        if state.question.is_none() {
            steps.extend([Step::FetchOld, Step::AskOffset]);
            if state.new.is_some() {
                steps.push(Step::FetchNew);
            }
        } else {
            steps.extend([Step::Answer, Step::Refuse]);
        }
        if self.may_confirm(state) {
            steps.push(Step::Confirm);
        }
    }

    fn next_state(&self, before: &WatermarkState, step: Step) -> Option<WatermarkState> {
        let mut state = before.clone();
        self.take(&mut state, step)?;
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all: Vec<Property<Self>> = vec![
            Property::always("no offset that was handed out is out of range", |_, state: &WatermarkState| {
                !state.wrong_range
            }),
            Property::always("an offset fetch shows what was acked before", |_, state: &WatermarkState| {
                !state.stale_offset
            }),
            Property::sometimes("a confirmed leader answers", |_, state: &WatermarkState| state.answered),
            Property::sometimes("a zombie refuses", |_, state: &WatermarkState| {
                state.refused && state.new.is_some()
            }),
        ];
        if self.names_epochs {
            all.push(Property::always(
                "no client sees the high watermark go back",
                |_, state: &WatermarkState| !state.went_back,
            ));
        }
        all
    }
}
