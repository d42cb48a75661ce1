//! What a caller should do about an error. Precise errors live in their crates; each says which of these it is.

/// The four things a caller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The same call may succeed later: back off and try again.
    Retry,
    /// The caller's knowledge is stale (owner, epoch, session): look again, then decide.
    Refresh,
    /// The call can never succeed as it is: report it to whoever asked.
    GiveUp,
    /// Something is broken that only a person can mend: stop, and say so loudly.
    Operator,
}

/// An error that knows what its caller should do.
pub trait Classified {
    /// What to do about it.
    fn action(&self) -> Action;
}
