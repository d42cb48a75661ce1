//! One shard: who owns it, what of it is in objects, which ledgers it still needs.
//!
//! A quorum ledger is taken for what the ledger model shows it to be: appends commit until it is sealed, the recorded end
//! covers whatever was acked, and frames below the end can be read until they are trimmed. Three sessions, one partition;
//! each record carries the epoch under which it was written, so that other contents at an acked offset show. Metadata
//! transactions happen late, twice or never, and their answers may be lost. Nobody is told that his session is over.
//!
//! - `state`: metadata, ledgers, and what each session believes;
//! - `steps`: what may happen next;
//! - `owner`: appends, offload, trim, opening;
//! - `moves`: hand-over, with and without the object store; recovery; forgetting;
//! - `properties`: what must hold.

mod moves;
mod owner;
mod properties;
mod rules;
mod state;
mod steps;

use stateright::{Model, Property};

pub use rules::ShardRule;
pub use state::ShardState;
use steps::Step;

/// Sessions, each of another broker.
const SESSIONS: usize = 3;
/// Ledgers of a session: what it writes first, and what it rolls to.
const LEDGERS: usize = 2;

/// The shard protocol, bounded.
#[derive(Clone, Copy, Debug)]
pub struct ShardModel {
    /// Records that clients produce, at most 4.
    pub records: u8,
    /// Sessions that may end.
    pub deaths: u8,
    /// Planned moves that may begin.
    pub moves: u8,
    /// Offload commits that may be sent.
    pub commits: u8,
    /// Whether the object store may be down, so that moves take ledgers along.
    pub outage: bool,
    /// A rule to leave out.
    pub without: Option<ShardRule>,
}

impl Default for ShardModel {
    fn default() -> Self {
        Self { records: 2, deaths: 1, moves: 0, commits: 1, outage: false, without: None }
    }
}

impl ShardModel {
    fn keeps(&self, rule: ShardRule) -> bool {
        self.without != Some(rule)
    }
}

impl Model for ShardModel {
    type State = ShardState;
    type Action = Step;

    fn init_states(&self) -> Vec<ShardState> {
        vec![ShardState::new()]
    }

    fn actions(&self, state: &ShardState, steps: &mut Vec<Step>) {
        self.possible(state, steps);
    }

    fn next_state(&self, before: &ShardState, step: Step) -> Option<ShardState> {
        let mut state = before.clone();
        self.take(&mut state, step)?;
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(self)
    }
}
