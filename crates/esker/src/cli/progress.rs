//! A line on standard error that says how far a long command is. Only for people: nothing is written before two
//! seconds have passed, or when standard error is not a terminal.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use esker_env::{Env, Monotonic};

const QUIET: Duration = Duration::from_secs(2);
const EVERY: Duration = Duration::from_millis(500);

pub(crate) struct Progress {
    env: Env,
    next: Monotonic,
    shown: bool,
    terminal: bool,
}

impl Progress {
    pub(crate) fn new(env: &Env) -> Self {
        let next = env.clock.now() + QUIET;
        Self { env: env.clone(), next, shown: false, terminal: std::io::stderr().is_terminal() }
    }

    /// Shows the line, if it is time.
    pub(crate) fn update(&mut self, line: impl FnOnce() -> String) {
        if !self.terminal || self.env.clock.now() < self.next {
            return;
        }
        self.next = self.env.clock.now() + EVERY;
        self.shown = true;
        // Back to the line's start, and clear it to its end.
        let _ = write!(std::io::stderr(), "\r\x1b[K{}", line());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
