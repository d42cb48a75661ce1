//! The rules of ownership, offload and moves that a model may break.

/// A rule of the shard protocol, left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardRule {
    /// Offload: the log is trimmed after the commit, not after the upload.
    TrimsAfterCommit,
    /// Offload: after a lost answer the pointer is read before anything else.
    ReadsAgainAfterLostAnswer,
    /// Offload: the commit compares the shard's owner and epoch.
    CommitComparesEpoch,
    /// Offload: the commit compares the pointer's revision.
    CommitComparesRevision,
    /// Offload: a ledger leaves `pending` once all of it is in objects.
    ClearsOnlyArchived,
    /// Opening: the manifest is read under the new epoch, when no earlier owner can commit any more.
    OpensUnderNewEpoch,
    /// Recovery 6: ledgers have their ends before shards have new owners.
    EndsBeforeOwners,
    /// Recovery 6: `pending` grows by the dead session's ledgers; what was there stays.
    PendingGrows,
    /// Recovery 6: the change of owner compares the shard's record.
    MoveComparesRecord,
    /// Forgetting: a ledger that a shard has pending stays.
    ForgetHeedsPending,
    /// Forgetting: a ledger of a session that a shard names stays.
    ForgetHeedsOwner,
    /// Planned move: appends are held before the last flush.
    HoldsBeforeHandOver,
    /// Planned move: what is not in objects goes along as pending ledgers.
    HandsOverAll,
    /// Planned move: the hand-over compares the shard's record.
    HandOverComparesRecord,
    /// Planned move: appends stay held until the hand-over's outcome is known.
    HeldUntilKnown,
    /// Planned move: the outcome is told by the shard's epoch, not by who owns it now.
    OutcomeByEpoch,
    /// Planned move with the object store down: ledgers that went along are not trimmed by the session that wrote them.
    KeptIsNotTrimmed,
    /// Planned move with the object store down: nor retired.
    KeptIsNotRetired,
}
