//! Running the checker over a model.

use stateright::{Checker, Expectation, HasDiscoveries, Model};

/// Threads of one run. Tests run side by side already.
const THREADS: usize = 2;

/// What the checker found.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Distinct states seen.
    pub states: usize,
    /// The longest of the shortest ways to a state, in steps.
    pub depth: usize,
    /// Each broken property with its counterexample: the steps that lead there.
    pub broken: Vec<(&'static str, Vec<String>)>,
    /// Situations that must occur somewhere, or the properties above would hold for want of anything happening, and did not.
    pub never: Vec<&'static str>,
}

impl Verdict {
    /// No property is broken, and all that should happen somewhere does.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.broken.is_empty() && self.never.is_empty()
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} states, depth {}", self.states, self.depth)?;
        for (property, steps) in &self.broken {
            write!(f, "; BROKEN after {} steps: {property}", steps.len())?;
        }
        for situation in &self.never {
            write!(f, "; NEVER: {situation}")?;
        }
        Ok(())
    }
}

/// Looks at every state of the model. Ends at the first counterexample when `stop_early`, which says nothing about
/// situations that must occur.
pub fn explore<M>(model: M, stop_early: bool) -> Verdict
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + std::fmt::Debug + std::hash::Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + std::fmt::Debug + PartialEq + Send + Sync,
{
    let properties = model.properties();
    let end = if stop_early { HasDiscoveries::AnyFailures } else { HasDiscoveries::All };
    // `All` cannot be reached while a property holds, so that every state is looked at.
    let checker = model.checker().threads(THREADS).finish_when(end).spawn_bfs().join();
    let discoveries = checker.discoveries();
    let found = |name| discoveries.get(name);
    let mut verdict = Verdict {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        broken: Vec::new(),
        never: Vec::new(),
    };
    for property in properties {
        match (property.expectation, found(property.name)) {
            (Expectation::Always, Some(path)) => {
                let steps = path.clone().into_actions().iter().map(|action| format!("{action:?}")).collect();
                verdict.broken.push((property.name, steps));
            }
            (Expectation::Sometimes, None) if !stop_early => verdict.never.push(property.name),
            _ => {}
        }
    }
    verdict
}
