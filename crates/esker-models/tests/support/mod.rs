//! What the tests of all models share.

#![allow(
    clippy::print_stdout,
    reason = "state counts and counterexamples are what a reader of the output wants"
)]

use std::{fmt::Debug, hash::Hash};

use esker_models::explore;
use stateright::Model;

/// The model holds, and everything that should happen in it does.
pub(crate) fn holds<M>(name: &str, model: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    let verdict = explore(model, false);
    println!("{name}: {verdict}");
    assert!(verdict.holds(), "{name}: {verdict}\n{:#?}", verdict.broken);
}

/// The checker finds a counterexample: the model is without a rule that it needs.
pub(crate) fn breaks<M>(rule: impl Debug, model: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    let verdict = explore(model, true);
    println!("without {rule:?}: {verdict}");
    let (_, steps) = verdict.broken.first().unwrap_or_else(|| panic!("nothing breaks without {rule:?}"));
    println!("  {}", steps.join(", "));
}
