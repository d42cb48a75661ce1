"""Every load-bearing rule, broken in the code: a test of the crates that passes as things are must fail then.

The rules are switches of `esker_env::Rule`, compiled into test binaries only (feature `mutations`). What whole simulated
clusters notice is in `crates/esker-sim/tests/cluster_mutations.rs`; here are the smaller tests, one for each rule."""

import json
import os
import re
import subprocess

import pytest

from harness.paths import ROOT

# The rule, the crate, its test binary (lib or the file's name under tests/), and the test that notices.
NOTICED_BY = [
    ("CommitAtQuorum", "esker-wal", "writer", "two_of_three_stores_are_enough_and_one_is_not"),
    ("RollAtCommit", "esker-wal", "roll", "w3_late_acknowledgements_of_the_old_ledger_count_for_nothing"),
    ("FreezeEndsAcks", "esker-wal", "roll", "w3_late_acknowledgements_of_the_old_ledger_count_for_nothing"),
    ("RefusedRollEnds", "esker-wal", "roll", "w4_a_refused_roll_ends_the_writer"),
    ("SessionCompared", "esker-meta", "lib", "typed_tests::a_broker_has_one_session_and_a_fenced_one_can_do_nothing"),
    ("LedgerCompared", "esker-meta", "lib", "typed_tests::ledgers_are_numbered_rolled_sealed_and_deleted"),
    ("GapRefused", "esker-wal", "store", "s1_only_the_tail_is_appended_and_the_same_again_is_acknowledged"),
    ("SealQueues", "esker-wal", "store", "s3_a_seal_waits_for_accepted_appends_and_survives_power_loss_in_every_mode"),
    ("RepairIsNoAck", "esker-wal", "store", "s3_a_seal_waits_for_accepted_appends_and_survives_power_loss_in_every_mode"),
    ("RepairDurable", "esker-wal", "store", "s4_a_repair_is_answered_after_the_sync"),
    ("FailedSyncIsFinal", "esker-wal", "store", "s6_the_first_failed_sync_or_write_fails_the_store_and_reads_go_on"),
    ("FenceBeforeList", "esker-control", "lib", "tests::cluster::failover::a_broker_that_starts_again_races_the_controller_to_the_same_end"),
    ("FirstEndWins", "esker-meta", "lib", "typed_tests::ledgers_are_numbered_rolled_sealed_and_deleted"),
    ("EnoughAnswers", "esker-wal", "recovery", "of_three_stores_one_is_never_enough"),
    ("Repaired", "esker-wal", "recovery", "of_two_stores_the_one_that_is_left_is_enough_once_the_other_is_gone_for_good"),
    ("OnlyDeniedIsCut", "esker-wal", "recovery", "what_another_store_may_have_is_waited_for"),
    ("EpochCompared", "esker-log", "leadership", "other_epochs_are_refused"),
    ("ReadIndex", "esker-log", "leadership", "one_store_of_three_does_not_confirm_an_end"),
    ("ReadIndexAtQuorum", "esker-log", "leadership", "one_store_of_three_does_not_confirm_an_end"),
    ("HeldNotConfirmed", "esker-log", "leadership", "what_is_on_its_way_to_another_broker_is_not_confirmed"),
    ("CopiesAwaited", "esker-log", "copies", "a_batch_that_is_sent_again_waits_for_the_copies_that_it_was_promised"),
    ("AnswersConfirmed", "esker-coordinator", "lib", "transactions::tests::what_is_said_without_a_write_is_confirmed"),
]
RULES = ROOT / "crates" / "esker-env" / "src" / "rules.rs"


@pytest.fixture(scope="session")
def test_binaries() -> dict[tuple[str, str], str]:
    """The executables of `cargo test --workspace`, by crate and target."""
    profile = os.environ.get("PROFILE", "quick")
    command = ["cargo", "test", "--workspace", "--locked", "--profile", profile, "--no-run", "--message-format=json"]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=3600)
    messages = (json.loads(line) for line in built.stdout.splitlines())
    found = [m for m in messages if m.get("reason") == "compiler-artifact" and m.get("executable") and m["profile"]["test"]]
    return {(m["manifest_path"].split("/")[-2], "lib" if "lib" in m["target"]["kind"] else m["target"]["name"]): m["executable"] for m in found}


def run(binaries, crate: str, target: str, test: str, broken: str | None) -> str:
    """What libtest says at the end of one test, with a rule broken or none."""
    environment = {name: value for name, value in os.environ.items() if name != "ESKER_BROKEN_RULE"}
    if broken:
        environment["ESKER_BROKEN_RULE"] = broken
    done = subprocess.run([binaries[crate, target], "--exact", test], cwd=ROOT / "crates" / crate, env=environment,
                          capture_output=True, text=True, timeout=120)
    return re.search(r"test result: \w+\. \d+ passed; \d+ failed", done.stdout).group()


@pytest.mark.parametrize("rule,crate,target,test", NOTICED_BY, ids=[case[0] for case in NOTICED_BY])
def test_a_broken_rule_is_noticed(test_binaries, rule, crate, target, test):
    assert run(test_binaries, crate, target, test, None) == "test result: ok. 1 passed; 0 failed"
    assert run(test_binaries, crate, target, test, rule) == "test result: FAILED. 0 passed; 1 failed"


def test_every_rule_has_its_test():
    rules = re.findall(r"Self::(\w+),", RULES.read_text())
    worlds = [(ROOT / "crates/esker-sim/tests" / name).read_text() for name in ("cluster_mutations.rs", "transaction_mutations.rs", "group_mutations.rs")]
    in_worlds = re.findall(r"Rule::(\w+)\), \d", worlds[0]) + re.findall(r"\w+: (\w+), \d+;", worlds[1] + worlds[2])
    assert len(rules) > 20
    assert set(rules) <= {case[0] for case in NOTICED_BY} | set(in_worlds)
