//! The rules of the write-ahead log that a model may break.

/// A rule of the ledger protocol, left out. Names as in the architecture's store rules (S), writer rules (W), recovery
/// steps and limbo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerRule {
    /// S1: a sealed store accepts no append.
    RefusesWhenSealed,
    /// S1: an append is accepted at the tail only.
    RefusesGaps,
    /// S2: a store of an `fsync` ledger acks after the sync.
    AcksAfterSync,
    /// S3: the seal flag survives a power loss.
    SealIsDurable,
    /// S3: a seal queues behind accepted appends, so that its answer counts them.
    SealQueues,
    /// S4: a repaired frame is no ack to the writer.
    RepairIsNoAck,
    /// S4: a repair is durable before its answer.
    RepairIsDurable,
    /// S5: a store that lost its disk is another store.
    BlankIsAnotherStore,
    /// S6: a sync that failed is never retried.
    FailedSyncIsFinal,
    /// W1: what is acked is on W stores.
    CommitsAtQuorum,
    /// W2: a session never reopens a ledger.
    NeverReopens,
    /// W3: nothing beyond the frozen commit point is acked.
    NoAckAfterFreeze,
    /// W3: the roll compares the session's key.
    RollComparesSession,
    /// W3: the roll compares the old ledger.
    RollComparesLedger,
    /// W3: what was not acked goes first in the new ledger.
    CarriesUnacked,
    /// W4: a roll of unknown outcome ends the session.
    UnknownRollIsTheEnd,
    /// The caller's part of `LogStore`: a frame that a store acked is never sent to it again.
    NeverResendsAcked,
    /// The caller's part of `LogStore`: answers of a stream that is over count for nothing once another has begun.
    AnswersEndWithStream,
    /// Recovery 1 and 2: the fence comes before the listing.
    FenceBeforeList,
    /// Recovery 3: stores are sealed, not only asked.
    SealsBeforeTails,
    /// Recovery 3: R - W + 1 authoritative answers.
    WaitsForReadQuorum,
    /// Recovery 4: the end is the largest tail.
    TakesLargestTail,
    /// Recovery 4: only what R - W + 1 stores deny is left out where nobody can read it.
    CutsOnlyWhatIsDenied,
    /// Recovery 5: W stores hold everything before the end is recorded.
    RepairsBeforeRecording,
    /// Recovery 6: the first recorded end wins.
    FirstEndWins,
    /// Limbo: a store that lost power may not deny frames of a `received` ledger that it knows.
    LimboMayNotDeny,
    /// Limbo: nor of one that it has never heard of.
    LimboMayNotDenyUnknown,
}
