//! The load-bearing rules of the architecture, each of which a test may break to show that breaking it is noticed.
//! Without the feature `mutations` all of them stand, and asking costs nothing.

/// A rule that can be broken on purpose. The numbers are those of `architecture.md`, section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Rule {
    /// W1: a frame is committed once W stores hold it. Broken: W - 1.
    CommitAtQuorum = 1,
    /// W3: a ledger is sealed at its commit index. Broken: one frame below.
    RollAtCommit,
    /// W3: what was not committed goes to the new ledger. Broken: it is acknowledged and dropped.
    NothingAfterFreeze,
    /// S1: a gap is refused. Broken: the frame is acknowledged and not stored.
    GapRefused,
    /// S4: a repair is durable before its answer. Broken: it is answered at once.
    RepairDurable,
    /// Recovery: R - W + 1 stores have to answer. Broken: one.
    EnoughAnswers,
    /// Recovery: the end is the largest tail. Broken: the smallest.
    LargestTail,
    /// Recovery: frames are copied until W stores hold them. Broken: they are not.
    Repaired,
    /// Step 5 after step 4: a dead broker's ledgers become pending. Broken: they do not.
    LedgersInherited,
    /// A session that is over is noticed, and its shards are dropped. Broken: not.
    LostSessionEnds,
    /// Leader epochs are compared. Broken: every epoch will do.
    EpochCompared,
    /// A planned move holds appends before its last flush. Broken: they go on.
    MoveHolds,
}

/// The rule that is broken, for the whole process.
#[cfg(feature = "mutations")]
static BROKEN: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);

/// Breaks a rule, or mends all.
#[cfg(feature = "mutations")]
pub fn break_rule(rule: Option<Rule>) {
    BROKEN.store(rule.map_or(0, |rule| rule as u8), std::sync::atomic::Ordering::Relaxed);
}

impl Rule {
    /// Whether a test has broken it.
    #[must_use]
    #[inline]
    pub fn is_broken(self) -> bool {
        #[cfg(feature = "mutations")]
        return BROKEN.load(std::sync::atomic::Ordering::Relaxed) == self as u8;
        #[cfg(not(feature = "mutations"))]
        false
    }
}
