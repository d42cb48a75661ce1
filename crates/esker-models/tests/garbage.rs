//! Deletion beside commits holds as it is, and each rule is needed.

mod support;

use esker_models::{GarbageModel, GarbageRule};
use support::{breaks, holds};

fn needed(rule: GarbageRule) {
    breaks(rule, GarbageModel { without: Some(rule) });
}

#[test]
fn holds_beside_commits_on_their_way() {
    holds("deletion", GarbageModel::default());
}

#[test]
fn garbage_manifest_is_read_after_the_listing() {
    needed(GarbageRule::ReadsManifestAfterListing);
}

#[test]
fn garbage_only_young_uploads_are_committed() {
    needed(GarbageRule::CommitsOnlyYoung);
}

#[test]
fn garbage_orphans_have_a_grace() {
    needed(GarbageRule::OrphansHaveGrace);
}

#[test]
fn garbage_grace_exceeds_the_age_of_commits() {
    needed(GarbageRule::GraceExceedsCommitAge);
}

#[test]
fn garbage_reachable_objects_stay() {
    needed(GarbageRule::ReachableStays);
}

#[test]
fn garbage_removed_objects_have_a_grace() {
    needed(GarbageRule::RemovedHasGrace);
}
