//! A receiver's partitions: where each is attached, and whether it may have messages.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use esker_core::{PartitionId, TopicNumber};
use esker_env::Monotonic;

use crate::budget::Share;

/// A line that owes an answer for so long is given up.
pub(super) const SILENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether partitions have moved, and when some are nowhere.
const CALM: Duration = Duration::from_secs(1);
const SEARCHING: Duration = Duration::from_millis(50);

/// What was taken of the receiver's credit and of the memory until messages come.
pub(super) struct Taking {
    pub(super) messages: u64,
    pub(super) bytes: u64,
    pub(super) memory: Share,
}

enum State {
    /// Nobody is known to lead it.
    Away,
    /// There may be messages.
    Ready(u64),
    /// It will be said when there may be messages.
    Waiting(u64),
    /// It has been asked for messages.
    Asked(u64, Taking),
}

impl State {
    fn line(&self) -> Option<u64> {
        match self {
            Self::Away => None,
            Self::Ready(line) | Self::Waiting(line) | Self::Asked(line, _) => Some(*line),
        }
    }
}

/// All of them, by number.
pub(super) struct Parts {
    states: BTreeMap<PartitionId, State>,
    /// Those that may have messages, in turn; others may be among them.
    turns: VecDeque<PartitionId>,
    asked: usize,
    next_look: Monotonic,
}

impl Parts {
    pub(super) fn new(partitions: impl IntoIterator<Item = PartitionId>) -> Self {
        let states = partitions.into_iter().map(|partition| (partition, State::Away)).collect();
        Self { states, turns: VecDeque::new(), asked: 0, next_look: Monotonic::default() }
    }

    /// Partitions of a topic that has grown to so many join.
    pub(super) fn grow(&mut self, topic: TopicNumber, count: u32) {
        for index in u32::try_from(self.states.len()).unwrap_or(count)..count {
            self.states.entry(PartitionId { topic, index }).or_insert(State::Away);
        }
    }

    fn set(&mut self, partition: PartitionId, state: State) {
        let Some(known) = self.states.get_mut(&partition) else { return };
        self.asked -= usize::from(matches!(known, State::Asked(..)));
        self.asked += usize::from(matches!(state, State::Asked(..)));
        if matches!(state, State::Ready(_)) && !self.turns.contains(&partition) {
            self.turns.push_back(partition);
        }
        *known = state;
    }

    /// Questions that are not answered.
    pub(super) const fn asked(&self) -> usize {
        self.asked
    }

    /// Whether a line was asked for messages.
    pub(super) fn is_asked(&self, line: u64) -> bool {
        self.states.values().any(|state| matches!(state, State::Asked(asked, _) if *asked == line))
    }

    /// When places are to be looked at.
    pub(super) const fn next_look(&self) -> Monotonic {
        self.next_look
    }

    pub(super) fn is_due(&self, now: Monotonic) -> bool {
        now >= self.next_look
    }

    pub(super) fn looked(&mut self, now: Monotonic) {
        let searching = self.states.values().any(|state| matches!(state, State::Away));
        self.next_look = now + if searching { SEARCHING } else { CALM };
    }

    /// Those that are attached to nobody, or where `has_moved` says so; not those that have been asked.
    pub(super) fn away(&self, has_moved: impl Fn(PartitionId, u64) -> bool) -> Vec<PartitionId> {
        let moved = |(partition, state): (&PartitionId, &State)| match state {
            State::Away => Some(*partition),
            State::Ready(line) | State::Waiting(line) if has_moved(*partition, *line) => Some(*partition),
            _ => None,
        };
        self.states.iter().filter_map(moved).collect()
    }

    /// It may have messages, at this line.
    pub(super) fn attach(&mut self, partition: PartitionId, line: u64) {
        self.set(partition, State::Ready(line));
    }

    /// It has none for now.
    pub(super) fn wait(&mut self, partition: PartitionId, line: u64) {
        self.set(partition, State::Waiting(line));
    }

    /// It may have some again.
    pub(super) fn ready(&mut self, partition: PartitionId, line: u64) {
        if matches!(self.states.get(&partition), Some(State::Waiting(known)) if *known == line) {
            self.set(partition, State::Ready(line));
        }
    }

    /// It is not where it was thought to be.
    pub(super) fn lose(&mut self, partition: PartitionId, now: Monotonic) {
        self.set(partition, State::Away);
        self.next_look = self.next_look.min(now + SEARCHING);
    }

    /// The next one that may have messages, and its line.
    pub(super) fn next(&mut self) -> Option<(PartitionId, u64)> {
        loop {
            let partition = self.turns.pop_front()?;
            if let Some(State::Ready(line)) = self.states.get(&partition) {
                return Some((partition, *line));
            }
        }
    }

    /// There is no memory for it now.
    pub(super) fn not_now(&mut self, partition: PartitionId, now: Monotonic) {
        self.turns.push_front(partition);
        self.next_look = self.next_look.min(now + SEARCHING);
    }

    pub(super) fn asking(&mut self, partition: PartitionId, taking: Taking) {
        if let Some(line) = self.states.get(&partition).and_then(State::line) {
            self.set(partition, State::Asked(line, taking));
        }
    }

    /// A line has answered for it: what was taken for that.
    pub(super) fn taken(&mut self, partition: PartitionId, line: u64) -> Option<Taking> {
        match self.states.get(&partition) {
            Some(State::Asked(asked, _)) if *asked == line => {}
            _ => return None,
        }
        self.asked -= 1;
        match self.states.insert(partition, State::Waiting(line)) {
            Some(State::Asked(_, taking)) => Some(taking),
            _ => None,
        }
    }

    /// Where a partition is attached.
    pub(super) fn line_of(&self, index: u32) -> Option<(PartitionId, u64)> {
        let (partition, state) = self.states.iter().find(|(partition, _)| partition.index == index)?;
        Some((*partition, state.line()?))
    }

    /// A line has ended: what was taken for questions that it did not answer.
    pub(super) fn line_ended(&mut self, line: u64) -> Vec<Taking> {
        let mut open = Vec::new();
        for state in self.states.values_mut().filter(|state| state.line() == Some(line)) {
            if let State::Asked(_, taking) = std::mem::replace(state, State::Away) {
                self.asked -= 1;
                open.push(taking);
            }
        }
        self.next_look = Monotonic::default();
        open
    }
}
