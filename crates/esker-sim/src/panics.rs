//! Panics inside a world. tokio catches those of tasks, and a world would go on as if nothing had happened: whoever waits
//! for such a task hears that it ended, as it does when its process is killed.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    cell::RefCell,
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook},
    sync::Once,
};

/// Panics of one world that are kept.
const KEPT: usize = 10;

static HOOKED: Once = Once::new();

thread_local! {
    /// The panics of the world that this thread runs; `None` outside of worlds. A world is one thread.
    static SEEN: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Runs a world. Returns what it returned, unless it panicked itself, and its panics in order: where, and what they say
/// (`RUST_BACKTRACE=1`: and how they came about).
pub(crate) fn watched<T>(world: impl FnOnce() -> T) -> (Option<T>, Vec<String>) {
    HOOKED.call_once(|| {
        let outside = take_hook();
        set_hook(Box::new(move |panic| {
            if !record(panic) {
                outside(panic);
            }
        }));
    });
    SEEN.set(Some(Vec::new()));
    let outcome = catch_unwind(AssertUnwindSafe(world));
    (outcome.ok(), SEEN.take().unwrap_or_default())
}

/// Whether this thread runs a world.
fn record(panic: &PanicHookInfo<'_>) -> bool {
    SEEN.with_borrow_mut(|seen| {
        let Some(seen) = seen else { return false };
        if seen.len() < KEPT {
            let message = panic.payload_as_str().unwrap_or("no message");
            let place = panic.location().map_or_else(String::new, ToString::to_string);
            let backtrace = Backtrace::capture();
            let trace = match backtrace.status() {
                BacktraceStatus::Captured => format!("\n{backtrace}"),
                _ => String::new(),
            };
            seen.push(format!("panic at {place}: {message}{trace}"));
        }
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_of_tasks_and_of_worlds_are_seen_and_others_are_not() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (outcome, panics) = watched(|| {
            runtime.block_on(async {
                let tasks = esker_env::Tasks::new();
                tasks.spawn(async { panic!("number {}", 1) });
                tasks.spawn(async { panic!("number 2") });
                tasks.wait_idle().await;
                7
            })
        });
        assert_eq!((outcome, panics.len()), (Some(7), 2));
        assert!(panics[0].contains("panics.rs") && panics[0].contains("number 1"), "{panics:?}");
        let (outcome, panics) = watched(|| assert_eq!(1, 2, "the world"));
        assert!(outcome.is_none() && panics[0].contains("the world"), "{panics:?}");
        assert_eq!(watched(|| 3), (Some(3), Vec::new()), "what another world did");
    }
}
