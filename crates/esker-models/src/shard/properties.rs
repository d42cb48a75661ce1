//! What must hold in every state, and what must happen in some.

use stateright::Property;

use super::{
    SESSIONS, ShardModel, ShardState,
    state::{Descriptor, entry_offset, entry_record},
};

pub(super) fn all(model: &ShardModel) -> Vec<Property<ShardModel>> {
    let mut all: Vec<Property<ShardModel>> = vec![
        Property::always(
            "every acked record is in objects or in a ledger that the owner reads",
            |_, state: &ShardState| (0..state.acked.len()).all(|offset| is_readable(state, offset)),
        ),
        Property::always(
            "no two records are acked at an offset, and objects do not change",
            |_, state: &ShardState| !state.clash,
        ),
        Property::always(
            "who opens the shard finds every acked record, and no hole",
            |_, state: &ShardState| finds_all(state),
        ),
        Property::always("what is trimmed is in objects", |_, state: &ShardState| {
            trims_committed_only(state)
        }),
        Property::always("nobody but the owner moves its pointer", |_, state: &ShardState| {
            pointer_is_owners(state)
        }),
        Property::sometimes("a later owner serves an acked record", |_, state: &ShardState| {
            state.epoch > 0 && state.acked.len() > 0 && state.sessions[state.owner].open.is_some()
        }),
    ];
    if model.commits > 0 {
        all.push(Property::sometimes("an acked record is trimmed", |_, state: &ShardState| {
            state.sessions.iter().any(|session| session.ledgers[0].trimmed > 0)
        }));
        all.push(Property::sometimes("a commit happens and is learnt late", |_, state: &ShardState| {
            let owner = &state.sessions[state.owner];
            owner.open.is_some_and(|open| open.epoch == state.epoch && open.revision < state.pointer.revision)
        }));
    }
    if model.deaths > 0 {
        all.push(Property::sometimes("a dead owner's ledger is pending", |_, state: &ShardState| {
            let dead = |whose: usize| state.sessions[whose].over && state.owner != whose;
            state.ledgers(&state.pending).any(|(whose, ..)| dead(whose))
        }));
    }
    if model.deaths > 0 && model.commits > 0 {
        all.push(Property::sometimes("a dead owner's ledger is forgotten", |_, state: &ShardState| {
            let mut sessions = state.sessions.iter();
            state.acked.len() > 0
                && sessions.any(|dead| {
                    dead.ledgers
                        .iter()
                        .any(|ledger| ledger.descriptor == Descriptor::Deleted && ledger.entries.len() > 0)
                })
        }));
    }
    if model.moves > 0 {
        all.push(Property::sometimes("a planned move ends", |_, state: &ShardState| {
            state.epoch > 0 && state.deaths == 0 && state.sessions[state.owner].open.is_some()
        }));
    }
    if model.outage {
        all.push(Property::sometimes("a move takes a ledger along", |_, state: &ShardState| {
            state.kept_opened && state.acked.len() > 0
        }));
    }
    all
}

/// In objects, in a pending ledger, or in one that the owner's session wrote.
fn is_readable(state: &ShardState, offset: u8) -> bool {
    let record = state.acked.get(offset);
    let mut needed = state.pending;
    needed[state.owner] = [true; super::LEDGERS];
    let mut entries = state.ledgers(&needed).flat_map(|(_, _, ledger)| ledger.readable());
    state.pointer.log.get(offset) == record
        || entries.any(|entry| entry_offset(entry) == offset && Some(entry_record(entry)) == record)
}

fn finds_all(state: &ShardState) -> bool {
    let owner = state.sessions[state.owner].open.filter(|open| open.epoch == state.epoch);
    !state.hole && owner.is_none_or(|open| open.log.starts_with(&state.acked))
}

fn trims_committed_only(state: &ShardState) -> bool {
    let ledgers = || state.sessions.iter().flat_map(|session| session.ledgers);
    ledgers().all(|ledger| {
        ledger.entries.below(ledger.trimmed).iter().all(|entry| entry_offset(entry) < state.pointer.log.len())
    })
}

/// An owner under the present epoch knows the pointer's revision, or it is its own commit that has moved it.
fn pointer_is_owners(state: &ShardState) -> bool {
    (0..SESSIONS).all(|session| match state.sessions[session].open {
        Some(open) if state.owner == session && open.epoch == state.epoch => {
            open.revision == state.pointer.revision || state.pointer.epoch == open.epoch
        }
        _ => true,
    })
}
