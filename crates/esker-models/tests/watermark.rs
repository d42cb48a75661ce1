//! Answers to clients hold as designed, and each rule is needed.

mod support;

use esker_models::{WatermarkModel, WatermarkRule};
use support::{breaks, holds};

fn needed(rule: WatermarkRule, names_epochs: bool) {
    breaks(rule, WatermarkModel { names_epochs, without: Some(rule) });
}

#[test]
fn holds_for_clients_that_name_epochs_and_for_others() {
    holds("clients that name epochs", WatermarkModel { names_epochs: true, without: None });
    holds("clients that do not", WatermarkModel { names_epochs: false, without: None });
}

#[test]
fn read_index_confirms_out_of_range() {
    needed(WatermarkRule::ConfirmsOutOfRange, false);
}

#[test]
fn read_index_confirms_offset_fetch() {
    needed(WatermarkRule::ConfirmsOffsetFetch, true);
}

#[test]
fn read_index_needs_w_stores() {
    needed(WatermarkRule::ConfirmsAtQuorum, true);
}

#[test]
fn read_index_begins_after_the_request() {
    needed(WatermarkRule::ConfirmsAfterRequest, true);
}

#[test]
fn read_index_confirms_nothing_that_is_handed_over() {
    needed(WatermarkRule::ConfirmsNothingHandedOver, false);
}

#[test]
fn watermark_needs_leader_epochs() {
    needed(WatermarkRule::ComparesLeaderEpoch, true);
}
