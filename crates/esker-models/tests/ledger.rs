//! The ledger protocol holds as it is, and each of its rules is needed.

mod support;

use esker_models::{LedgerMode, LedgerModel, LedgerRule};
use support::{breaks, holds};

fn needed(rule: LedgerRule, world: LedgerModel) {
    breaks(rule, LedgerModel { without: Some(rule), ..world });
}

fn plain() -> LedgerModel {
    LedgerModel::default()
}

fn rolling() -> LedgerModel {
    LedgerModel { rolls: true, ..plain() }
}

fn received() -> LedgerModel {
    LedgerModel { mode: LedgerMode::Received, power_losses: 1, ..plain() }
}

fn powerless() -> LedgerModel {
    LedgerModel { power_losses: 1, ..plain() }
}

#[test]
fn holds_with_overlapping_recoveries() {
    holds("two recoverers", LedgerModel { recoverers: 2, ..plain() });
}

#[test]
fn holds_with_a_lost_disk() {
    holds("a lost disk", LedgerModel { disk_losses: 1, recoverers: 2, ..plain() });
}

#[test]
fn holds_with_a_power_loss_and_a_failed_sync() {
    holds("power loss, failed sync", LedgerModel { power_losses: 1, sync_failures: 1, ..plain() });
}

#[test]
fn holds_in_received_mode_with_power_losses() {
    holds("received, power loss", received());
    holds("received, power losses", LedgerModel { power_losses: 2, records: 1, ..received() });
}

#[test]
fn holds_with_a_frame_that_rots() {
    let rotting = LedgerModel { rots: 1, ..plain() };
    holds("a rotten frame", LedgerModel { recoverers: 2, ..rotting });
    holds("a rotten frame, a power loss", LedgerModel { power_losses: 1, ..rotting });
    holds("a rotten frame, W = 3", LedgerModel { write_quorum: 3, ..rotting });
}

#[test]
fn holds_when_every_store_must_ack() {
    holds("W = 3", LedgerModel { write_quorum: 3, disk_losses: 1, ..plain() });
    holds("W = 3, two lost disks", LedgerModel { write_quorum: 3, disk_losses: 2, ..plain() });
}

#[test]
fn holds_when_one_store_acks() {
    holds("W = 1", LedgerModel { write_quorum: 1, ..plain() });
}

#[test]
fn holds_with_a_roll() {
    holds("a roll", rolling());
    holds("a roll, a lost disk", LedgerModel { disk_losses: 1, ..rolling() });
}

#[test]
fn s1_refuses_when_sealed() {
    needed(LedgerRule::RefusesWhenSealed, plain());
}

#[test]
fn s1_refuses_gaps() {
    needed(LedgerRule::RefusesGaps, plain());
}

#[test]
fn s2_acks_after_sync() {
    needed(LedgerRule::AcksAfterSync, powerless());
}

#[test]
fn s3_seal_is_durable() {
    needed(LedgerRule::SealIsDurable, powerless());
}

#[test]
fn s3_seal_queues_behind_appends() {
    needed(LedgerRule::SealQueues, plain());
}

#[test]
fn s4_repair_is_no_ack() {
    needed(LedgerRule::RepairIsNoAck, LedgerModel { recoverers: 2, ..plain() });
}

#[test]
fn s4_repair_is_durable() {
    needed(LedgerRule::RepairIsDurable, powerless());
}

#[test]
fn s5_blank_is_another_store() {
    needed(LedgerRule::BlankIsAnotherStore, LedgerModel { disk_losses: 1, ..plain() });
}

#[test]
fn s6_failed_sync_is_final() {
    needed(LedgerRule::FailedSyncIsFinal, LedgerModel { sync_failures: 1, ..powerless() });
}

#[test]
fn w1_commits_at_quorum() {
    needed(LedgerRule::CommitsAtQuorum, plain());
}

#[test]
fn w2_never_reopens() {
    needed(LedgerRule::NeverReopens, plain());
}

#[test]
fn w3_no_ack_after_freeze() {
    needed(LedgerRule::NoAckAfterFreeze, rolling());
}

#[test]
fn w3_roll_compares_session() {
    needed(LedgerRule::RollComparesSession, rolling());
}

#[test]
fn w3_roll_compares_ledger() {
    needed(LedgerRule::RollComparesLedger, rolling());
}

#[test]
fn w3_carries_unacked() {
    needed(LedgerRule::CarriesUnacked, rolling());
}

#[test]
fn w4_unknown_roll_is_the_end() {
    needed(LedgerRule::UnknownRollIsTheEnd, rolling());
}

#[test]
fn log_store_contract_never_resends_acked() {
    needed(LedgerRule::NeverResendsAcked, received());
}

#[test]
fn log_store_contract_answers_end_with_stream() {
    needed(LedgerRule::AnswersEndWithStream, received());
}

#[test]
fn recovery_1_fence_before_list() {
    needed(LedgerRule::FenceBeforeList, rolling());
}

#[test]
fn recovery_3_seals_before_tails() {
    needed(LedgerRule::SealsBeforeTails, plain());
}

#[test]
fn recovery_3_waits_for_read_quorum() {
    // With W = 2 of 3 the W copies of step 5 need as many answers.
    needed(LedgerRule::WaitsForReadQuorum, LedgerModel { write_quorum: 1, ..plain() });
}

#[test]
fn recovery_4_takes_largest_tail() {
    needed(LedgerRule::TakesLargestTail, plain());
}

#[test]
fn recovery_4_leaves_out_only_what_is_denied() {
    needed(LedgerRule::CutsOnlyWhatIsDenied, LedgerModel { rots: 1, ..plain() });
}

#[test]
fn recovery_5_repairs_before_recording() {
    needed(LedgerRule::RepairsBeforeRecording, plain());
}

#[test]
fn recovery_6_first_end_wins() {
    needed(LedgerRule::FirstEndWins, LedgerModel { recoverers: 2, ..plain() });
}

#[test]
fn limbo_may_not_deny() {
    needed(LedgerRule::LimboMayNotDeny, received());
}

#[test]
fn limbo_may_not_deny_unknown() {
    needed(LedgerRule::LimboMayNotDenyUnknown, received());
}
