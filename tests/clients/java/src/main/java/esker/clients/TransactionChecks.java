package esker.clients;

import static esker.clients.Lab.bytes;
import static esker.clients.Lab.expect;
import static esker.clients.Lab.expectEquals;
import static esker.clients.Lab.get;
import static esker.clients.Lab.take;
import static esker.clients.Lab.text;
import static esker.clients.Lab.until;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;

/** Transactions, of the newest protocol that the broker and the client share. */
final class TransactionChecks {
    private static final String[] COMMITTED = {"isolation.level", "read_committed"};

    private TransactionChecks() {}

    static void register(Map<String, Checks.Check> all) {
        all.put("txn_commit_abort", TransactionChecks::commitAndAbort);
        all.put("txn_many", TransactionChecks::many);
        all.put("txn_offsets", TransactionChecks::offsets);
        all.put("txn_fencing", TransactionChecks::fencing);
        all.put("txn_timeout", TransactionChecks::timeout);
        all.put("txn_admin", TransactionChecks::admin);
    }

    private static KafkaProducer<byte[], byte[]> producer(Lab lab, String id, String... configs) {
        List<String> all = new ArrayList<>(List.of("transactional.id", lab.name(id), "max.block.ms", "30000"));
        all.addAll(List.of(configs));
        KafkaProducer<byte[], byte[]> producer = lab.producer(all.toArray(String[]::new));
        producer.initTransactions();
        return producer;
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, String topic, int partition, String... values) {
        for (String value : values) {
            producer.send(new ProducerRecord<>(topic, partition, null, bytes(value)));
        }
    }

    private static List<String> values(List<ConsumerRecord<byte[], byte[]>> records) {
        return records.stream().map(record -> text(record.value())).toList();
    }

    /** What may be read of committed records: where the oldest open transaction begins. */
    private static long stable(Lab lab, String topic, int partition) throws Exception {
        TopicPartition at = new TopicPartition(topic, partition);
        var options = new ListOffsetsOptions(IsolationLevel.READ_COMMITTED);
        return get(lab.admin.listOffsets(Map.of(at, OffsetSpec.latest()), options).partitionResult(at)).offset();
    }

    private static void untilStable(Lab lab, String topic, long offset) {
        until("the last stable offset moves to " + offset, () -> {
            try {
                return stable(lab, topic, 0) == offset;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    private static void commitAndAbort(Lab lab) throws Exception {
        String topic = lab.topic(2);
        var one = producer(lab, "one");
        var other = producer(lab, "other");
        one.beginTransaction();
        send(one, topic, 0, "a", "b");
        send(one, topic, 1, "c");
        one.commitTransaction();
        one.beginTransaction();
        send(one, topic, 0, "aborted");
        one.flush();
        other.beginTransaction();
        send(other, topic, 0, "d");
        other.commitTransaction();
        // Offsets 0 and 1, a marker, and then what is open.
        expectEquals(3L, stable(lab, topic, 0), "last stable offset while a transaction is open");
        KafkaConsumer<byte[], byte[]> committed = lab.reader(topic, COMMITTED);
        expectEquals(Set.of("a", "b", "c"), Set.copyOf(values(take(committed, 3))), "before the end of the first one");
        one.abortTransaction();
        expectEquals(List.of("d"), values(take(committed, 1)), "behind the aborted one");
        one.beginTransaction();
        send(one, topic, 0, "e");
        one.commitTransaction();
        expectEquals(List.of("e"), values(take(committed, 1)), "the next transaction");
        expectEquals(6, take(lab.reader(topic), 6).size(), "records of all kinds");
        expectEquals(5, take(lab.reader(topic, COMMITTED), 5).size(), "committed records, from the beginning");
    }

    private static void many(Lab lab) throws Exception {
        String topic = lab.topic(4);
        var producer = producer(lab, "many", "linger.ms", "0");
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            producer.beginTransaction();
            for (int partition = 0; partition < 4; partition++) {
                send(producer, topic, partition, i + ":" + partition);
            }
            if (i % 3 == 0) {
                producer.abortTransaction();
            } else {
                producer.commitTransaction();
                for (int partition = 0; partition < 4; partition++) {
                    expected.add(i + ":" + partition);
                }
            }
        }
        List<ConsumerRecord<byte[], byte[]>> got = take(lab.reader(topic, COMMITTED), expected.size());
        for (int partition = 0; partition < 4; partition++) {
            int at = partition;
            List<String> wanted = expected.stream().filter(value -> value.endsWith(":" + at)).toList();
            List<String> read = values(got.stream().filter(record -> record.partition() == at).toList());
            expectEquals(wanted, read, "partition " + partition);
        }
    }

    private static void offsets(Lab lab) throws Exception {
        String from = lab.topicNamed(lab.name("from"), 1);
        String to = lab.topicNamed(lab.name("to"), 1);
        lab.fill(from, 0, 10);
        String group = lab.name("g");
        TopicPartition source = new TopicPartition(from, 0);
        var consumer = lab.consumer(group, COMMITTED);
        consumer.subscribe(List.of(from));
        take(consumer, 10);
        var producer = producer(lab, "copy");
        producer.beginTransaction();
        send(producer, to, 0, "not this");
        producer.sendOffsetsToTransaction(Map.of(source, new OffsetAndMetadata(7)), consumer.groupMetadata());
        producer.abortTransaction();
        expect(consumer.committed(Set.of(source)).get(source) == null, "an aborted transaction commits no offset");
        producer.beginTransaction();
        send(producer, to, 0, "this");
        producer.sendOffsetsToTransaction(Map.of(source, new OffsetAndMetadata(4, "half way")), consumer.groupMetadata());
        producer.commitTransaction();
        expectEquals(4L, consumer.committed(Set.of(source)).get(source).offset(), "a committed one does");
        expectEquals(List.of("this"), values(take(lab.reader(to, COMMITTED), 1)), "what is copied");
        consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ofSeconds(5)));
        var next = lab.consumer(group, COMMITTED);
        next.subscribe(List.of(from));
        expectEquals(4L, take(next, 6).get(0).offset(), "where the next member goes on");
    }

    private static void fencing(Lab lab) throws Exception {
        String topic = lab.topic(1);
        var zombie = producer(lab, "same");
        zombie.beginTransaction();
        send(zombie, topic, 0, "zombie");
        zombie.flush();
        var successor = producer(lab, "same");
        successor.beginTransaction();
        send(successor, topic, 0, "successor");
        successor.commitTransaction();
        try {
            send(zombie, topic, 0, "late");
            zombie.commitTransaction();
            throw new AssertionError("a producer that was replaced commits");
        } catch (ProducerFencedException | InvalidProducerEpochException fenced) {
            // As it should be.
        } catch (KafkaException e) {
            Throwable cause = e.getCause();
            boolean fenced = cause instanceof ProducerFencedException || cause instanceof InvalidProducerEpochException;
            expect(fenced, "failed with " + e + " because of " + cause);
        }
        expectEquals(List.of("successor"), values(take(lab.reader(topic, COMMITTED), 1)), "committed");
    }

    private static void timeout(Lab lab) throws Exception {
        String topic = lab.topic(1);
        var slow = producer(lab, "slow", "transaction.timeout.ms", "1000");
        slow.beginTransaction();
        send(slow, topic, 0, "too slow");
        slow.flush();
        expectEquals(0L, stable(lab, topic, 0), "last stable offset while it is open");
        untilStable(lab, topic, 2);
        try {
            slow.commitTransaction();
            throw new AssertionError("a transaction commits after its timeout");
        } catch (KafkaException e) {
            // As it should be.
        }
        var next = producer(lab, "slow");
        next.beginTransaction();
        send(next, topic, 0, "in time");
        next.commitTransaction();
        expectEquals(List.of("in time"), values(take(lab.reader(topic, COMMITTED), 1)), "committed");
    }

    private static void admin(Lab lab) throws Exception {
        String topic = lab.topic(1);
        TopicPartition at = new TopicPartition(topic, 0);
        String id = lab.name("hangs");
        var producer = producer(lab, "hangs");
        producer.beginTransaction();
        send(producer, topic, 0, "hangs");
        producer.flush();
        List<TransactionListing> listed = get(lab.admin.listTransactions().all()).stream()
            .filter(listing -> listing.transactionalId().equals(id)).toList();
        expectEquals(1, listed.size(), "listed");
        expectEquals(TransactionState.ONGOING, listed.get(0).state(), "state in the list");
        TransactionDescription described = get(lab.admin.describeTransactions(List.of(id)).description(id));
        expectEquals(Set.of(at), described.topicPartitions(), "its partitions");
        expectEquals(listed.get(0).producerId(), described.producerId(), "producer id");
        List<ProducerState> states = get(lab.admin.describeProducers(List.of(at)).partitionResult(at)).activeProducers();
        expectEquals(1, states.size(), "producers of the partition");
        ProducerState state = states.get(0);
        expectEquals(described.producerId(), state.producerId(), "producer id at the partition");
        expectEquals(0L, state.currentTransactionStartOffset().orElse(-1), "where its transaction begins");
        expectEquals(0L, stable(lab, topic, 0), "last stable offset before");
        get(lab.admin.abortTransaction(new AbortTransactionSpec(
            at, state.producerId(), (short) state.producerEpoch(), state.coordinatorEpoch().orElse(0))).all());
        untilStable(lab, topic, 2);
        List<ProducerState> after = get(lab.admin.describeProducers(List.of(at)).partitionResult(at)).activeProducers();
        expect(after.get(0).currentTransactionStartOffset().isEmpty(), "nothing is open");
        expectEquals(1, take(lab.reader(topic), 1).size(), "records of all kinds");
    }
}
