//! The load-bearing rules of Esker's design as explicit-state models, for tests only.
//!
//! Each model takes every step that could happen next in every state (breadth first, by stateright), and looks at what must
//! always hold and at what must happen somewhere. A model can be told to leave out one rule, its *mutation*; a test then
//! shows that the checker finds a counterexample. So the tests say two things: the rules together are enough, within the
//! bounds, and none of them can be spared. They follow the code, not only the design; what they check is the protocol.
//!
//! Run them with `cargo test -p esker-models --profile quick -- --nocapture` (seconds; prints states and counterexamples),
//! larger ones with `cargo run -p esker-models --profile quick -- --big` (minutes). A counterexample names stores, sessions
//! and transactions by their places in a sorted state, so that a number may name another of them after a step.
//!
//! # Ledgers ([`LedgerModel`], `tests/ledger.rs`)
//!
//! | rule | left out by | test |
//! |---|---|---|
//! | S1 a sealed store accepts no append | [`LedgerRule::RefusesWhenSealed`] | `s1_refuses_when_sealed` |
//! | S1 appends at the tail only | [`LedgerRule::RefusesGaps`] | `s1_refuses_gaps` |
//! | S2 ack after the sync | [`LedgerRule::AcksAfterSync`] | `s2_acks_after_sync` |
//! | S3 the seal is durable | [`LedgerRule::SealIsDurable`] | `s3_seal_is_durable` |
//! | S3 the seal queues behind appends | [`LedgerRule::SealQueues`] | `s3_seal_queues_behind_appends` |
//! | S4 a repair is no ack | [`LedgerRule::RepairIsNoAck`] | `s4_repair_is_no_ack` |
//! | S4 a repair is durable | [`LedgerRule::RepairIsDurable`] | `s4_repair_is_durable` |
//! | S5 a blank disk is another store | [`LedgerRule::BlankIsAnotherStore`] | `s5_blank_is_another_store` |
//! | S6 a failed sync is final | [`LedgerRule::FailedSyncIsFinal`] | `s6_failed_sync_is_final` |
//! | W1 acks at W stores | [`LedgerRule::CommitsAtQuorum`] | `w1_commits_at_quorum` |
//! | W2 no ledger is reopened | [`LedgerRule::NeverReopens`] | `w2_never_reopens` |
//! | W3 no ack after the freeze | [`LedgerRule::NoAckAfterFreeze`] | `w3_no_ack_after_freeze` |
//! | W3 the roll compares the session | [`LedgerRule::RollComparesSession`] | `w3_roll_compares_session` |
//! | W3 the roll compares the ledger | [`LedgerRule::RollComparesLedger`] | `w3_roll_compares_ledger` |
//! | W3 unacked frames go first | [`LedgerRule::CarriesUnacked`] | `w3_carries_unacked` |
//! | W4 an unknown roll ends the session | [`LedgerRule::UnknownRollIsTheEnd`] | `w4_unknown_roll_is_the_end` |
//! | `LogStore`: nothing acked is sent again | [`LedgerRule::NeverResendsAcked`] | `log_store_contract_never_resends_acked` |
//! | `LogStore`: answers end with their stream | [`LedgerRule::AnswersEndWithStream`] | `log_store_contract_answers_end_with_stream` |
//! | recovery 1, 2: fence, then list | [`LedgerRule::FenceBeforeList`] | `recovery_1_fence_before_list` |
//! | recovery 3: seal, not only ask | [`LedgerRule::SealsBeforeTails`] | `recovery_3_seals_before_tails` |
//! | recovery 3: R - W + 1 answers | [`LedgerRule::WaitsForReadQuorum`] | `recovery_3_waits_for_read_quorum` |
//! | recovery 4: the largest tail | [`LedgerRule::TakesLargestTail`] | `recovery_4_takes_largest_tail` |
//! | recovery 4: what nobody can read is left out if enough deny it | [`LedgerRule::CutsOnlyWhatIsDenied`] | `recovery_4_leaves_out_only_what_is_denied` |
//! | recovery 5: W copies first | [`LedgerRule::RepairsBeforeRecording`] | `recovery_5_repairs_before_recording` |
//! | recovery 6: the first end wins | [`LedgerRule::FirstEndWins`] | `recovery_6_first_end_wins` |
//! | limbo may not deny | [`LedgerRule::LimboMayNotDeny`] | `limbo_may_not_deny` |
//! | limbo may not deny the unknown | [`LedgerRule::LimboMayNotDenyUnknown`] | `limbo_may_not_deny_unknown` |
//!
//! With R = 3 and W = 2 the W copies of step 5 imply step 3's quorum, which its test shows with W = 1. Comparing the ledger
//! in a roll matters when the transaction is sent again after a lost answer: all else is covered by the session.
//!
//! # Shards ([`ShardModel`], `tests/shard.rs`)
//!
//! | rule | left out by | test |
//! |---|---|---|
//! | trim after the commit | [`ShardRule::TrimsAfterCommit`] | `offload_trims_after_commit` |
//! | read again after a lost answer | [`ShardRule::ReadsAgainAfterLostAnswer`] | `offload_reads_again_after_a_lost_answer` |
//! | a commit compares owner and epoch | [`ShardRule::CommitComparesEpoch`] | `offload_commit_compares_epoch` |
//! | a commit compares the pointer's revision | [`ShardRule::CommitComparesRevision`] | `offload_commit_compares_revision` |
//! | `pending` loses what objects hold wholly | [`ShardRule::ClearsOnlyArchived`] | `offload_clears_only_what_is_archived` |
//! | the manifest is read under the new epoch | [`ShardRule::OpensUnderNewEpoch`] | `opening_reads_the_manifest_under_the_new_epoch` |
//! | ends before owners | [`ShardRule::EndsBeforeOwners`] | `recovery_6_ends_before_owners` |
//! | `pending` grows | [`ShardRule::PendingGrows`] | `recovery_6_pending_grows` |
//! | a recovery compares the record | [`ShardRule::MoveComparesRecord`] | `recovery_6_move_compares_record` |
//! | pending ledgers stay | [`ShardRule::ForgetHeedsPending`] | `forgetting_heeds_pending` |
//! | ledgers of a named session stay | [`ShardRule::ForgetHeedsOwner`] | `forgetting_heeds_owner` |
//! | a move holds appends first | [`ShardRule::HoldsBeforeHandOver`] | `move_holds_before_hand_over` |
//! | a move flushes, or takes ledgers along | [`ShardRule::HandsOverAll`] | `move_hands_over_all` |
//! | a hand-over compares the record | [`ShardRule::HandOverComparesRecord`] | `move_hand_over_compares_record` |
//! | held until the outcome is known | [`ShardRule::HeldUntilKnown`] | `move_held_until_outcome_is_known` |
//! | the epoch tells the outcome | [`ShardRule::OutcomeByEpoch`] | `move_outcome_is_told_by_epoch` |
//! | a ledger that went along is not trimmed | [`ShardRule::KeptIsNotTrimmed`] | `move_kept_ledger_is_not_trimmed` |
//! | nor retired | [`ShardRule::KeptIsNotRetired`] | `move_kept_ledger_is_not_retired` |
//!
//! # Deletion ([`GarbageModel`], `tests/garbage.rs`)
//!
//! | rule | left out by | test |
//! |---|---|---|
//! | the manifest is read after the listing | [`GarbageRule::ReadsManifestAfterListing`] | `garbage_manifest_is_read_after_the_listing` |
//! | only young uploads are committed | [`GarbageRule::CommitsOnlyYoung`] | `garbage_only_young_uploads_are_committed` |
//! | orphans have a grace | [`GarbageRule::OrphansHaveGrace`] | `garbage_orphans_have_a_grace` |
//! | longer than the age of commits | [`GarbageRule::GraceExceedsCommitAge`] | `garbage_grace_exceeds_the_age_of_commits` |
//! | what is reachable stays | [`GarbageRule::ReachableStays`] | `garbage_reachable_objects_stay` |
//! | what left the manifest has a grace | [`GarbageRule::RemovedHasGrace`] | `garbage_removed_objects_have_a_grace` |
//!
//! # Answers ([`WatermarkModel`], `tests/watermark.rs`)
//!
//! | rule | left out by | test |
//! |---|---|---|
//! | read-index round before `OFFSET_OUT_OF_RANGE` | [`WatermarkRule::ConfirmsOutOfRange`] | `read_index_confirms_out_of_range` |
//! | and before an offset fetch | [`WatermarkRule::ConfirmsOffsetFetch`] | `read_index_confirms_offset_fetch` |
//! | with W stores | [`WatermarkRule::ConfirmsAtQuorum`] | `read_index_needs_w_stores` |
//! | begun after the request | [`WatermarkRule::ConfirmsAfterRequest`] | `read_index_begins_after_the_request` |
//! | nothing confirmed once handed over | [`WatermarkRule::ConfirmsNothingHandedOver`] | `read_index_confirms_nothing_that_is_handed_over` |
//! | later leader epochs are refused | [`WatermarkRule::ComparesLeaderEpoch`] | `watermark_needs_leader_epochs` |
//!
//! # Limits
//!
//! Small bounds: three stores, up to three records, one roll, two recoverers; three sessions, one shard, one partition. A
//! frame holds one record, a repair fills a store in one step, ledgers of the shard model keep the contract that the ledger
//! model shows. Safety, and that things can happen; not that they happen in time.

mod check;
mod garbage;
mod ledger;
mod sequence;
mod shard;
mod watermark;

pub use check::{Verdict, explore};
pub use garbage::{GarbageModel, GarbageRule, GarbageState};
pub use ledger::{LedgerMode, LedgerModel, LedgerRule, LedgerState};
pub use shard::{ShardModel, ShardRule, ShardState};
pub use watermark::{WatermarkModel, WatermarkRule, WatermarkState};
