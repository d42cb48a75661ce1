package esker.clients;

import static esker.clients.Lab.bytes;
import static esker.clients.Lab.expectEquals;
import static esker.clients.Lab.get;
import static esker.clients.Lab.take;
import static esker.clients.Lab.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** Positions: committed, sought, by time, and the moving start of the log. */
final class OffsetChecks {
    private OffsetChecks() {}

    static void register(Map<String, Checks.Check> all) {
        all.put("commit_resume", OffsetChecks::commitResume);
        all.put("seek", OffsetChecks::seek);
        all.put("list_offsets", OffsetChecks::listOffsets);
        all.put("delete_records", OffsetChecks::deleteRecords);
        all.put("read_committed", OffsetChecks::readCommitted);
    }

    private static void commitResume(Lab lab) throws Exception {
        String topic = lab.topic(1);
        String group = lab.name("g");
        TopicPartition partition = new TopicPartition(topic, 0);
        lab.fill(topic, 0, 100);
        var first = lab.consumer(group, "max.poll.records", "40");
        first.subscribe(List.of(topic));
        Lab.until("first poll", () -> !first.poll(java.time.Duration.ofMillis(200)).isEmpty());
        String metadata = "half way, \u00fcber \u2603";
        first.commitSync(Map.of(partition, new OffsetAndMetadata(40, java.util.Optional.of(0), metadata)));
        first.close();
        var second = lab.consumer(group);
        second.subscribe(List.of(topic));
        expectEquals(40L, take(second, 60).get(0).offset(), "resumes where it was committed");
        expectEquals(metadata, second.committed(java.util.Set.of(partition)).get(partition).metadata(), "metadata");
        second.commitSync();
        expectEquals(100L, second.committed(java.util.Set.of(partition)).get(partition).offset(), "commit of the position");
    }

    private static void seek(Lab lab) throws Exception {
        String topic = lab.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        long base = timed(lab, topic);
        var consumer = lab.reader(topic);
        consumer.seek(partition, 70);
        expectEquals(70L, take(consumer, 30).get(0).offset(), "seek by offset");
        var found = consumer.offsetsForTimes(Map.of(partition, base + 455));
        expectEquals(46L, found.get(partition).offset(), "first record at or after the time");
        expectEquals(base + 460, found.get(partition).timestamp(), "its timestamp");
        Lab.expect(consumer.offsetsForTimes(Map.of(partition, base + 5000)).get(partition) == null, "nothing after the end");
        expectEquals(0L, consumer.beginningOffsets(List.of(partition)).get(partition), "beginning");
        expectEquals(100L, consumer.endOffsets(List.of(partition)).get(partition), "end");
        consumer.seekToEnd(List.of(partition));
        expectEquals(100L, consumer.position(partition), "position at the end");
        var strict = lab.consumer(null, "auto.offset.reset", "none");
        strict.assign(List.of(partition));
        strict.seek(partition, 1000);
        try {
            Lab.until("refusal", () -> !strict.poll(java.time.Duration.ofMillis(200)).isEmpty());
            throw new AssertionError("read beyond the end");
        } catch (OffsetOutOfRangeException e) {
            expectEquals(java.util.Set.of(partition), e.partitions(), "partitions out of range");
        }
    }

    private static void listOffsets(Lab lab) throws Exception {
        String topic = lab.topic(1);
        long base = timed(lab, topic);
        get(lab.producer().send(new ProducerRecord<>(topic, 0, base + 10, null, bytes("late but old"))));
        expectEquals(0L, offset(lab, topic, OffsetSpec.earliest()), "earliest");
        expectEquals(101L, offset(lab, topic, OffsetSpec.latest()), "latest");
        expectEquals(99L, offset(lab, topic, OffsetSpec.maxTimestamp()), "largest timestamp");
        expectEquals(50L, offset(lab, topic, OffsetSpec.forTimestamp(base + 491)), "timestamp");
        expectEquals(0L, offset(lab, topic, OffsetSpec.earliestLocal()), "earliest local");
    }

    private static void deleteRecords(Lab lab) throws Exception {
        String topic = lab.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        lab.fill(topic, 0, 100);
        var deleted = lab.admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(60)));
        expectEquals(60L, get(deleted.lowWatermarks().get(partition)).lowWatermark(), "low watermark");
        expectEquals(60L, offset(lab, topic, OffsetSpec.earliest()), "earliest");
        expectEquals(60L, take(lab.reader(topic), 40).get(0).offset(), "first record left");
        get(lab.admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(-1))).all());
        expectEquals(100L, offset(lab, topic, OffsetSpec.earliest()), "all deleted");
        Lab.expectFailure(org.apache.kafka.common.errors.OffsetOutOfRangeException.class,
            lab.admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(101))).all());
        lab.fill(topic, 0, 1);
        expectEquals("0", text(take(lab.reader(topic), 1).get(0).value()), "offsets go on");
    }

    private static void readCommitted(Lab lab) throws Exception {
        String topic = lab.topic(1);
        lab.fill(topic, 0, 100);
        take(lab.reader(topic, "isolation.level", "read_committed"), 100);
    }

    /** 100 records whose timestamps are 10 ms apart; returns the first. */
    private static long timed(Lab lab, String topic) throws Exception {
        long base = System.currentTimeMillis() - 10_000;
        var producer = lab.producer("batch.size", "300");
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            records.add(new ProducerRecord<>(topic, 0, base + i * 10, null, bytes("v" + i)));
        }
        Lab.sendAll(producer, records);
        return base;
    }

    private static long offset(Lab lab, String topic, OffsetSpec spec) throws Exception {
        TopicPartition partition = new TopicPartition(topic, 0);
        return get(lab.admin.listOffsets(Map.of(partition, spec)).partitionResult(partition)).offset();
    }
}
