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
    /// W3: the same. Broken: it is dropped.
    LeftoverCarried,
    /// W3: after the freeze nothing of the old ledger is acknowledged. Broken: what was not committed is, at once.
    FreezeEndsAcks,
    /// W2: a session never reopens a ledger. Broken: it takes what an earlier session of its broker left open.
    NeverReopens,
    /// W4: a refused or lost roll ends the session. Broken: the writer goes on in the old ledger.
    RefusedRollEnds,
    /// W3, zombies: transactions compare the session's key. Broken: they do not.
    SessionCompared,
    /// W3: the roll compares the old ledger. Broken: it does not.
    LedgerCompared,
    /// S1: a gap is refused. Broken: the frame is acknowledged and not stored.
    GapRefused,
    /// S3: a seal's answer counts what was accepted before it. Broken: only what is written.
    SealQueues,
    /// S4: what a repair wrote is no acknowledgement to the writer. Broken: behind a seal, what is there is acknowledged
    /// again.
    RepairIsNoAck,
    /// S4: a repair is durable before its answer. Broken: it is answered at once.
    RepairDurable,
    /// S5: a blank disk is another store. Broken (in the simulator): it has the id of the old one.
    BlankIsAnotherStore,
    /// S6: a failed sync fails the store. Broken: the store goes on as if it had succeeded.
    FailedSyncIsFinal,
    /// Recovery: the session is fenced before its ledgers are listed. Broken: listed at the last look before.
    FenceBeforeList,
    /// Recovery: the first end that is recorded wins. Broken: the last.
    FirstEndWins,
    /// Recovery: R - W + 1 stores have to answer. Broken: one.
    EnoughAnswers,
    /// Recovery: the end is the largest tail. Broken: the smallest.
    LargestTail,
    /// Recovery: what nobody can read is left out only if R - W + 1 stores deny it. Broken: whenever nobody can.
    OnlyDeniedIsCut,
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
    /// Read-index: before saying that an offset is beyond the end a leader confirms its ledger. Broken: it does not.
    ReadIndex,
    /// Read-index: W stores confirm it. Broken: one does.
    ReadIndexAtQuorum,
    /// Read-index: what is being handed over is not confirmed. Broken: it is.
    HeldNotConfirmed,
    /// Where `min.insync.replicas` asks for more than W copies, `acks=all` waits for them. Broken: for W.
    CopiesAwaited,
    /// A transaction's partitions are told its end once that is durable. Broken: at once.
    DecisionDurable,
    /// The last stable offset lies below every open transaction. Broken: it is the high watermark.
    OpenHidden,
    /// A partition's leader asks a transaction's coordinator before the transaction begins there. Broken: it does not.
    AdmissionAsked,
    /// A transactional id's coordinator refuses what an older epoch asks. Broken: it does not.
    OldEpochFenced,
    /// Offsets of a transaction count when it is committed. Broken: also when it is aborted.
    OffsetsCommitted,
    /// What a transactional id's coordinator says without writing anything is confirmed with its log. Broken: it is not.
    AnswersConfirmed,
    /// Share groups: an acknowledgement is answered once it is durable. Broken: at once.
    ShareAckDurable,
    /// Share groups: what is with a member is with nobody else. Broken: whoever asks gets it.
    ShareLockHeld,
    /// Share groups: what is with a member comes back when its time is up. Broken: never.
    ShareLockEnds,
    /// Share groups: only who has a record may say what became of it. Broken: whoever had it.
    ShareHolderAsked,
    /// Share groups: a leader gives nothing out before its stores have confirmed it. Broken: it does.
    ShareConfirmed,
    /// Share groups: how often a record was given out outlives the leader. Broken: it does not.
    ShareCountStored,
    /// Share groups: what was out as often as it may be is not given out by the next leader. Broken: it is.
    ShareSpentGivenUp,
    /// Share groups: nobody is given markers and aborted transactions. Broken: everybody is.
    HiddenPassedOver,
    /// Share groups: what is given up is done with once its dead letter is written. Broken: even if it could not be.
    LetterFirst,
    /// Consumer groups: a partition is given to another member once the one before has let go. Broken: at once.
    RevokedFirst,
    /// Consumer groups: a member that is not heard of is out. Broken: never.
    SessionsEnd,
    /// Consumer groups: nobody commits for a partition that was its own at an earlier epoch. Broken: whoever had it.
    StaleCommitRefused,
    /// Groups: a commit of offsets is answered once it is durable. Broken: before.
    CommitDurable,
    /// Share groups that heed the order of keys: of a key one record at a time, in their order. Broken: all of them.
    ShareKeyOrder,
}

/// The rule that is broken, for the whole process.
#[cfg(feature = "mutations")]
static BROKEN: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);

/// The rule that this variable names is broken from the start: `tests/rules` runs tests of the crates so.
#[cfg(feature = "mutations")]
#[allow(clippy::disallowed_methods, reason = "a setting of tests, not of the product")]
static BROKEN_FROM_OUTSIDE: std::sync::LazyLock<u8> = std::sync::LazyLock::new(|| {
    let Ok(name) = std::env::var("ESKER_BROKEN_RULE") else { return 0 };
    let named = Rule::ALL.into_iter().find(|rule| format!("{rule:?}") == name);
    named.unwrap_or_else(|| panic!("ESKER_BROKEN_RULE: there is no rule {name}")) as u8
});

/// Breaks a rule, or mends all.
#[cfg(feature = "mutations")]
pub fn break_rule(rule: Option<Rule>) {
    BROKEN.store(rule.map_or(0, |rule| rule as u8), std::sync::atomic::Ordering::Relaxed);
}

impl Rule {
    /// All of them.
    #[cfg(feature = "mutations")]
    pub const ALL: [Self; 49] = [
        Self::CommitAtQuorum,
        Self::RollAtCommit,
        Self::NothingAfterFreeze,
        Self::LeftoverCarried,
        Self::FreezeEndsAcks,
        Self::NeverReopens,
        Self::RefusedRollEnds,
        Self::SessionCompared,
        Self::LedgerCompared,
        Self::GapRefused,
        Self::SealQueues,
        Self::RepairIsNoAck,
        Self::RepairDurable,
        Self::BlankIsAnotherStore,
        Self::FailedSyncIsFinal,
        Self::FenceBeforeList,
        Self::FirstEndWins,
        Self::EnoughAnswers,
        Self::LargestTail,
        Self::OnlyDeniedIsCut,
        Self::Repaired,
        Self::LedgersInherited,
        Self::LostSessionEnds,
        Self::EpochCompared,
        Self::MoveHolds,
        Self::ReadIndex,
        Self::ReadIndexAtQuorum,
        Self::HeldNotConfirmed,
        Self::CopiesAwaited,
        Self::DecisionDurable,
        Self::OpenHidden,
        Self::AdmissionAsked,
        Self::OldEpochFenced,
        Self::OffsetsCommitted,
        Self::AnswersConfirmed,
        Self::ShareAckDurable,
        Self::ShareLockHeld,
        Self::ShareLockEnds,
        Self::ShareHolderAsked,
        Self::ShareConfirmed,
        Self::ShareCountStored,
        Self::ShareSpentGivenUp,
        Self::HiddenPassedOver,
        Self::LetterFirst,
        Self::RevokedFirst,
        Self::SessionsEnd,
        Self::StaleCommitRefused,
        Self::CommitDurable,
        Self::ShareKeyOrder,
    ];

    /// Whether a test has broken it.
    #[must_use]
    #[inline]
    pub fn is_broken(self) -> bool {
        #[cfg(feature = "mutations")]
        return BROKEN.load(std::sync::atomic::Ordering::Relaxed) == self as u8
            || *BROKEN_FROM_OUTSIDE == self as u8;
        #[cfg(not(feature = "mutations"))]
        false
    }
}
