"""Dead letters go back to their queue: each once, at least once whoever dies, and as they were."""

import json
import random
import threading
from collections import Counter

import grpc
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from queueing import Publishing, Receiving, depth

from harness.cluster import freeze
from harness.native import compiled, details, of_status, reason
from harness.strikes import comes_back
from harness.wait import until

PARTITIONS = 3
HEADER = compiled()["streams"][0].Header


@pytest.fixture
def stub(brokers, client):
    return client(brokers[0])


@pytest.fixture
def queue(pb, stub, name) -> str:
    return made(pb, stub, name)


def made(pb, stub, name: str, partitions: int = PARTITIONS) -> str:
    stub.CreateQueue(pb.CreateQueueRequest(name=name, partitions=partitions, dead_letter_topic=f"dlq.{name}"))
    return name


@pytest.fixture
def admin(brokers) -> AdminClient:
    return AdminClient({"bootstrap.servers": ",".join(broker.bootstrap for broker in brokers)})


def configure(admin, kind, name: str, **configs) -> None:
    entries = [ConfigEntry(key.replace("_", "."), value, incremental_operation=AlterConfigOpType.SET) for key, value in configs.items()]
    resource = ConfigResource(kind, name, incremental_configs=entries)
    admin.incremental_alter_configs([resource])[resource].result(30)


def bury(pb, stub, queue: str, messages: list, **opening) -> None:
    """Publishes, and rejects everything."""
    Publishing(pb, stub, queue).publish(*messages)
    reject(pb, stub, queue, len(messages), **opening)


def reject(pb, stub, queue: str, count: int, **opening) -> None:
    before = letters(pb, stub, queue)
    receiver = Receiving(pb, stub, queue, **opening)
    for _ in range(count):
        assert receiver.settle("REJECT", receiver.next()) == []
    receiver.close()
    until("they are dead letters", lambda: letters(pb, stub, queue) == before + count)


def letters(pb, stub, queue: str) -> int:
    """How many there have ever been."""
    topic = stub.streams.GetTopic(compiled()["streams"][0].GetTopicRequest(name=f"dlq.{queue}"), timeout=60)
    return sum(part.end_offset for part in topic.offsets)


def redrive(pb, stub, queue: str, **more):
    return stub.Redrive(pb.RedriveRequest(queue=queue, **more), timeout=90)


def moved(answer) -> int:
    assert not answer.HasField("error"), answer.error
    assert answer.skipped_count == 0, answer.skipped
    return answer.moved


def test_letters_go_back_as_they_were(pb, stub, queue):
    headers = [HEADER(key="h", value=b"1"), HEADER(key="h"), HEADER(key="__dlq.errors.topic", value=b"my own")]
    sent = [pb.Message(value=b"%d" % number, key=b"k%d" % (number % 7), headers=headers) for number in range(50)]
    sent += [pb.Message(key=b"k"), pb.Message(value=b"")]
    places = Publishing(pb, stub, queue).publish(*sent)
    reject(pb, stub, queue, len(sent))
    assert depth(pb, stub, queue) == {}
    first = redrive(pb, stub, queue, max_messages=10)
    assert (moved(first), first.more) == (10, True)
    rest = redrive(pb, stub, queue)
    assert (moved(rest), rest.more) == (len(sent) - 10, False)
    assert moved(redrive(pb, stub, queue)) == 0, "each once"
    receiver = Receiving(pb, stub, queue)

    def content(message, partition: int) -> tuple:
        texts = tuple((header.key, header.value if header.HasField("value") else None) for header in message.headers)
        value = message.value if message.HasField("value") else None
        return partition, message.key if message.HasField("key") else None, value, texts
    got = receiver.take(len(sent))
    assert all(delivery.receipt.delivery_count == 1 for delivery in got)
    expected = Counter(content(message, place.partition) for message, place in zip(sent, places, strict=True))
    assert Counter(content(delivery, delivery.receipt.partition) for delivery in got) == expected
    # They can die again, and come back again.
    assert receiver.settle("REJECT", *got[:5]) == [] and receiver.settle("ACK", *got[5:]) == []
    assert receiver.close() == []
    until("they are dead letters", lambda: letters(pb, stub, queue) == len(sent) + 5)
    assert moved(redrive(pb, stub, queue)) == 5
    receiver = Receiving(pb, stub, queue)
    again = Counter(content(delivery, delivery.receipt.partition) for delivery in receiver.take(5))
    assert again == Counter(content(delivery, delivery.receipt.partition) for delivery in got[:5])
    receiver.close()


def test_a_letter_without_its_message_is_read_where_that_was(pb, stub, queue, admin):
    configure(admin, ResourceType.GROUP, queue, errors_deadletterqueue_copy_record_enable="false")
    sent = [pb.Message(value=b"%d" % number, key=b"%d" % number, headers=[HEADER(key="h", value=b"1")]) for number in range(20)]
    bury(pb, stub, queue, sent)
    reader = Receiving(pb, stub, f"dlq.{queue}", group=queue)
    assert not any(letter.value or letter.key for letter in reader.take(20))
    reader.close()
    assert moved(redrive(pb, stub, queue)) == 20
    receiver = Receiving(pb, stub, queue)
    got = receiver.take(20)
    assert {delivery.value for delivery in got} == {message.value for message in sent}
    assert all(delivery.key == delivery.value and [header.key for header in delivery.headers] == ["h"] for delivery in got)
    # Those are to die as well, and then everything is deleted from the queue.
    assert receiver.settle("REJECT", *got) == []
    receiver.close()
    until("they are dead letters", lambda: letters(pb, stub, queue) == 40)
    parts = [TopicPartition(queue, partition, -1) for partition in range(PARTITIONS)]
    for done in admin.delete_records(parts).values():
        done.result(30)
    lost = redrive(pb, stub, queue)
    assert (lost.moved, lost.skipped_count, len(lost.skipped)) == (0, 20, 20)
    assert {reason(letter.error) for letter in lost.skipped} == {"LETTER_LOST"}
    assert len({(letter.partition, letter.offset) for letter in lost.skipped}) == 20
    again = redrive(pb, stub, queue)
    assert (again.moved, again.skipped_count) == (0, 0), "it is said once"
    assert letters(pb, stub, queue) == 40, "and they are there to be looked at"


def test_each_group_has_its_own_letters(pb, stub, queue, admin):
    other = f"{queue}-other"
    configure(admin, ResourceType.GROUP, other, errors_deadletterqueue_topic_name=f"dlq.{queue}", share_auto_offset_reset="earliest",
              errors_deadletterqueue_copy_record_enable="true")
    bury(pb, stub, queue, [b"%d" % number for number in range(10)])
    reject(pb, stub, queue, 10, group=other)
    assert letters(pb, stub, queue) == 20
    assert moved(redrive(pb, stub, queue, group=other)) == 10
    assert moved(redrive(pb, stub, queue, group=other)) == 0
    assert moved(redrive(pb, stub, queue)) == 10
    assert depth(pb, stub, queue) == {"ready": 20}


def test_two_queues_may_share_a_topic_for_dead_letters(pb, stub, queue):
    other = f"{queue}-too"
    stub.CreateQueue(pb.CreateQueueRequest(name=other, partitions=PARTITIONS, dead_letter_topic=f"dlq.{queue}"))
    bury(pb, stub, queue, [b"here"] * 5)
    receiver = Receiving(pb, stub, other)
    Publishing(pb, stub, other).publish(*[b"there"] * 7)
    assert receiver.settle("REJECT", *receiver.take(7)) == []
    receiver.close()
    until("they are dead letters", lambda: letters(pb, stub, queue) == 12)
    assert (moved(redrive(pb, stub, other)), moved(redrive(pb, stub, queue))) == (7, 5)
    assert (depth(pb, stub, queue), depth(pb, stub, other)) == ({"ready": 5}, {"ready": 7})


def test_redrives_at_the_same_time_move_each_letter_once(brokers, client, pb, stub, queue):
    count = 2000
    Publishing(pb, stub, queue).publish(*(b"%d" % number for number in range(count)))
    receiver = Receiving(pb, stub, queue)
    for _ in range(count // 100):
        assert receiver.settle("REJECT", *receiver.take(100)) == []
    receiver.close()
    until("they are dead letters", lambda: letters(pb, stub, queue) == count, 60)
    numbers, failures = [], []

    def work(number: int) -> None:
        try:
            own = client(brokers[number % len(brokers)])
            for _ in range(20):
                numbers.append(moved(redrive(pb, own, queue, max_messages=300)))
        except BaseException as failure:  # noqa: BLE001  told by whoever waits
            failures.append(failure)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert sum(numbers) == count
    assert depth(pb, stub, queue) == {"ready": count}
    receiver = Receiving(pb, stub, queue)
    assert {int(delivery.value) for delivery in receiver.take(count)} == set(range(count))
    receiver.close()


def test_what_the_queue_does_not_take_stays(pb, stub, name, admin):
    queue = made(pb, stub, name, partitions=1)
    bury(pb, stub, queue, [b"small", b"x" * 5000, b"also small"])
    configure(admin, ResourceType.TOPIC, queue, max_message_bytes="1000")
    out = Publishing(pb, stub, queue)

    def refuses(size: int) -> bool:
        out.send(1, b"x" * size)
        return out.answer().HasField("error")
    until("its leader has heard of that", lambda: refuses(5000))
    answer = redrive(pb, stub, queue)
    assert (answer.moved, [reason(letter.error) for letter in answer.skipped]) == (2, ["BATCH_TOO_LARGE"])
    answer = redrive(pb, stub, queue)
    assert (answer.moved, [reason(letter.error) for letter in answer.skipped]) == (0, ["BATCH_TOO_LARGE"]), "it stays"
    configure(admin, ResourceType.TOPIC, queue, max_message_bytes="100000")
    until("its leader has heard of that", lambda: not refuses(5000))
    assert moved(redrive(pb, stub, queue)) == 1
    out.close()


def test_what_makes_no_sense_is_refused(pb, stub, queue):
    def refused(**request) -> grpc.RpcError:
        with pytest.raises(grpc.RpcError) as caught:
            stub.Redrive(pb.RedriveRequest(**request))
        return caught.value

    assert reason(refused(queue="not-there")) == "TOPIC_NOT_FOUND"
    assert reason(refused(queue="__share_group_state")) == "TOPIC_NOT_FOUND"
    error = refused(queue=queue, max_messages=10_001)
    assert details(error)["BadRequest"].field_violations[0].field == "max_messages"
    error = refused(queue=queue, group="no-dead-letters")
    assert (error.code(), reason(error)) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_DEAD_LETTERS")
    assert details(refused(queue=queue, group="x" * 256))["BadRequest"].field_violations[0].field == "group"
    # What somebody has put there by hand is no dead letter.
    Publishing(pb, stub, f"dlq.{queue}").publish(b"no letter", pb.Message(headers=[HEADER(key="__dlq.errors.topic", value=b"\xff")]))
    assert moved(redrive(pb, stub, queue)) == 0


def test_every_letter_goes_back_whoever_dies(cluster, client, pb, name, request):
    kills = min(request.config.getoption("--kills"), 5)
    seed = request.config.getoption("--seed") or random.randrange(1, 1 << 30)
    chance = random.Random(seed)
    stub = client(cluster.brokers[1])
    made(pb, stub, name, partitions=6)
    count = 6000
    Publishing(pb, stub, name).publish(*(b"%d" % number for number in range(count)))
    receiver = Receiving(pb, stub, name)
    for _ in range(count // 100):
        assert receiver.settle("REJECT", *receiver.take(100)) == []
    receiver.close()
    until("they are dead letters", lambda: letters(pb, stub, name) == count, 60)
    told, stopping, failures = [], threading.Event(), []

    def work(number: int) -> None:
        """Redrives by one broker until it is told to stop; it may die in the middle of it."""
        own = client(cluster.brokers[number])
        while not stopping.is_set():
            try:
                answer = redrive(pb, own, name, max_messages=2)
                told.append(answer.moved)
                allowed = {"NO_OWNER", "OUTCOME_UNKNOWN", "LEASE_LOST"}
                assert not answer.HasField("error") or reason(answer.error) in allowed, of_status(answer.error)
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED,
                                        grpc.StatusCode.INTERNAL):
                    failures.append(error)
                    return
            except BaseException as failure:  # noqa: BLE001  told by whoever waits
                failures.append(failure)
                return
    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    reading = f"redrive/{name}/{name}"

    def left() -> int:
        try:
            return sum(depth(pb, stub, f"dlq.{name}", group=reading).values())
        except grpc.RpcError as error:
            assert reason(error) == "NO_OWNER", error
            return count
    seen = [0]

    def stands_still() -> bool:
        """Nothing was moved since it was asked last."""
        seen.append(sum(told))
        return seen[-1] == seen[-2]
    in_the_middle = 0
    for _ in range(kills):
        before = sum(told)
        until("some are moved", lambda: failures or sum(told) > before + 20 or left() == 0, 60, interval=0.2)  # noqa: B023
        victim = chance.choice([2, 3])
        # It stops answering first, so that it dies while the others wait for what they have asked of it.
        freeze(cluster.brokers[victim].process)
        until("nothing goes on", lambda: failures or stands_still(), 20, interval=0.3)
        cluster.brokers[victim].kill()
        in_the_middle += left() > 0
        comes_back(cluster, victim)
    until("no letter is left", lambda: failures or left() == 0, 120, interval=0.5)
    stopping.set()
    for thread in threads:
        thread.join(100)
    assert not failures, failures
    there = depth(pb, stub, name)["ready"]
    receiver = Receiving(pb, stub, name)
    times = Counter(int(delivery.value) for delivery in receiver.take(there))
    receiver.close()
    twice = sum(1 for number in times.values() if number > 1)
    print(f"{count} letters, {sum(told)} moved by answers, {twice} more than once; {in_the_middle} kills in the middle; --seed={seed}")
    assert in_the_middle > 0
    assert set(times) == set(range(count)), "each at least once"
    assert twice <= 2 * 3 * kills, "and twice only what was in somebody's hands"


@pytest.fixture
def esker(brokers):
    def run(*args, stdin: bytes | None = None):
        api = f"127.0.0.1:{brokers[0].api_port}"
        found = brokers[0].cli("queue", *args, "--api", api, "--output", "json", stdin=stdin).decode()
        return [json.loads(line) for line in found.splitlines()]
    return run


def test_the_command_line(pb, stub, esker, queue):
    assert esker("dead-letters", queue) == []
    bury(pb, stub, queue, [pb.Message(value=b"%d" % number, key=b"k", headers=[HEADER(key="h", value=b"1")]) for number in range(5)])
    found = esker("dead-letters", queue)
    assert {letter["value"] for letter in found} == {f"{number}" for number in range(5)}
    letter = found[0]
    assert (letter["queue"], letter["group"], letter["key"]) == (queue, queue, "k")
    assert letter["headers"] == [{"key": "h", "value": "1"}] and letter["delivery_count"] == 1
    assert len(esker("dead-letters", queue, "--count", 2)) == 2
    done, = esker("redrive", queue, "--count", 3)
    assert done == {"queue": queue, "moved": 3, "skipped": []}
    done, = esker("redrive", queue)
    assert done == {"queue": queue, "moved": 2, "skipped": []}
    assert len(esker("receive", queue, "--count", 5)) == 5
    with pytest.raises(AssertionError, match="does not exist"):
        esker("redrive", "not-there")
    with pytest.raises(AssertionError, match="no topic for dead letters"):
        esker("redrive", queue, "--group", "other")
