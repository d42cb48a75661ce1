"""The crash test's own judgement, on histories with one thing wrong."""

import pytest

from test_kill import PARTITIONS, check_acks, check_seen


def history():
    """Ten records of one key in partition 0, all acknowledged."""
    records = [[("k", n) for n in range(10)]] + [[] for _ in range(PARTITIONS - 1)]
    acks = [f"k {n} 0 {n}" for n in range(10)] + ["end"]
    return records, acks


def judge(tmp_path, records, acks):
    path = tmp_path / "acks"
    path.write_text("\n".join(acks))
    return check_acks({"p": path}, records)


def test_a_clean_history_passes(tmp_path):
    assert judge(tmp_path, *history()) == 10


@pytest.mark.parametrize("damage", [
    lambda records, acks: records[0].pop(),  # the last acknowledged record is lost
    lambda records, acks: records[0].__delitem__(4),  # one in the middle is lost
    lambda records, acks: records[0].append(("k", 9)),  # a retry was stored twice
    lambda records, acks: records[0].__setitem__(slice(3, 5), [("k", 4), ("k", 3)]),  # two changed places
    lambda records, acks: acks.__setitem__(2, "k 2 0 3"),  # acknowledged at another offset
    lambda records, acks: acks.insert(5, "error k 5 timed out"),  # the producer gave up
    lambda records, acks: acks.pop(),  # the producer never finished
])
def test_damage_is_noticed(tmp_path, damage):
    records, acks = history()
    damage(records, acks)
    with pytest.raises((AssertionError, IndexError)):
        judge(tmp_path, records, acks)


@pytest.mark.parametrize(("seen", "fine"), [
    (["0 0 k 0", "0 1 k 1"], True),
    (["0 0 k 0", "0 2 k 2"], False),  # skipped
    (["0 0 k 0", "0 0 k 0"], False),  # repeated
    (["0 0 k 7"], False),  # something else is there now
    ([], False),
])
def test_what_a_follower_saw(tmp_path, seen, fine):
    path = tmp_path / "seen"
    path.write_text("\n".join(seen))
    if fine:
        assert check_seen(path, history()[0]) == len(seen)
    else:
        with pytest.raises(AssertionError):
            check_seen(path, history()[0])
