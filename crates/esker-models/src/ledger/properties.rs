//! What must hold in every state, and what must happen in some.

use stateright::Property;

use super::{Descriptor, LedgerMode, LedgerModel, LedgerState, R};

/// The property that most broken rules violate.
pub(super) fn all(model: &LedgerModel) -> Vec<Property<LedgerModel>> {
    let mut all: Vec<Property<LedgerModel>> = vec![
        Property::always("acked records are served, in order, whoever serves", |_, state: &LedgerState| {
            state.served.is_none_or(|served| !served.gap && served.log.starts_with(&state.acked))
        }),
        Property::always("one sealed end, and everything acked is below it", |_, state: &LedgerState| {
            state.ledgers.iter().all(|ledger| match ledger.descriptor {
                Descriptor::Sealed(end) => ledger.acked <= end && ledger.ends == 1,
                _ => true,
            })
        }),
        Property::always("no ledger opens after the fence", |_, state: &LedgerState| {
            state.listed.is_none_or(|listed| {
                let exists = |ledger: usize| state.ledgers[ledger].descriptor != Descriptor::Absent;
                (0..listed.len()).all(|ledger| listed[ledger] || !exists(ledger))
            })
        }),
        Property::always("a sealed ledger has W copies but for lost stores", |model, state: &LedgerState| {
            (0..state.ledgers.len()).all(|ledger| has_copies(model, state, ledger))
        }),
        Property::always("stores that hold a sealed ledger agree on it", |_, state: &LedgerState| {
            (0..state.ledgers.len()).all(|ledger| agree(state, ledger))
        }),
        Property::sometimes("an acked record is served by the next owner", |_, state: &LedgerState| {
            state.served.is_some() && state.acked.len() > 0
        }),
        Property::sometimes("a recovery adopts what was not acked", |_, state: &LedgerState| {
            state.served.is_some_and(|served| served.log.len() > state.acked.len())
        }),
        Property::sometimes("a zombie hears an answer after the fence", |_, state: &LedgerState| {
            !state.session && state.served.is_some() && state.stores.iter().any(|store| store.heard > 0)
        }),
    ];
    // Where more stores must ack than must answer a recovery, it goes on with those that are left.
    if model.disk_losses > 0 && model.write_quorum > model.read_quorum() {
        all.push(Property::sometimes(
            "what is left of the copyset is enough",
            |model, state: &LedgerState| {
                let left = state.stores.iter().filter(|store| !store.gone).count();
                left < model.write_quorum && state.served.is_some() && state.acked.len() > 0
            },
        ));
    }
    if model.rots > 0 {
        all.push(Property::sometimes(
            "what nobody can read and enough stores deny is left out",
            |_, state: &LedgerState| {
                let Descriptor::Sealed(end) = state.ledgers[0].descriptor else { return false };
                state.served.is_some() && state.stores.iter().any(|store| store.held[0].rotten > end)
            },
        ));
    }
    if model.rolls {
        all.push(Property::sometimes("a lane rolls and acks in its new ledger", |_, state: &LedgerState| {
            state.ledgers[1].acked > 0
        }));
        all.push(Property::sometimes("a recovery meets two ledgers", |_, state: &LedgerState| {
            let mut ends = state.ledgers.iter().map(|ledger| ledger.descriptor);
            state.served.is_some() && ends.all(|end| matches!(end, Descriptor::Sealed(1..)))
        }));
    }
    all
}

/// A `received` ledger promises no more than page caches.
fn has_copies(model: &LedgerModel, state: &LedgerState, ledger: usize) -> bool {
    let Descriptor::Sealed(end) = state.ledgers[ledger].descriptor else { return true };
    let holds = |at: &usize| state.stores[*at].gone || state.stores[*at].held[ledger].frames.len() >= end;
    model.mode == LedgerMode::Received || (0..R).filter(holds).count() >= model.write_quorum
}

fn agree(state: &LedgerState, ledger: usize) -> bool {
    let Descriptor::Sealed(end) = state.ledgers[ledger].descriptor else { return true };
    let held = state.stores.iter().filter(|store| !store.gone).map(|store| store.held[ledger].frames);
    let mut whole = held.filter(|frames| frames.len() >= end).map(|frames| frames.below(end));
    let first = whole.next();
    whole.all(|frames| Some(frames) == first)
}
