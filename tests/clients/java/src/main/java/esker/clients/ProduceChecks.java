package esker.clients;

import static esker.clients.Lab.bytes;
import static esker.clients.Lab.expect;
import static esker.clients.Lab.expectEquals;
import static esker.clients.Lab.get;
import static esker.clients.Lab.sendAll;
import static esker.clients.Lab.take;
import static esker.clients.Lab.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;

/** Records in, the same records out. */
final class ProduceChecks {
    private ProduceChecks() {}

    static void register(Map<String, Checks.Check> all) {
        all.put("round_trip", ProduceChecks::roundTrip);
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            all.put("codec_" + codec, lab -> codec(lab, codec));
        }
        all.put("idempotent_order", ProduceChecks::idempotentOrder);
        all.put("acks_levels", ProduceChecks::acksLevels);
        all.put("large_message", ProduceChecks::largeMessage);
        all.put("auto_create", ProduceChecks::autoCreate);
        all.put("log_append_time", ProduceChecks::logAppendTime);
        all.put("small_fetches", ProduceChecks::smallFetches);
    }

    private static void roundTrip(Lab lab) throws Exception {
        String topic = lab.topic(3);
        long now = System.currentTimeMillis();
        List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            byte[] key = i % 5 == 0 ? null : i % 7 == 0 ? new byte[0] : bytes("key-" + i);
            byte[] value = i % 11 == 0 ? null : i % 13 == 0 ? new byte[0] : bytes("value-" + i);
            ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, i % 3, now - 1000 + i, key, value);
            if (i % 2 == 0) {
                record.headers().add("twice", bytes("a" + i)).add("twice", bytes("b" + i));
                record.headers().add("null", null).add("empty", new byte[0]).add("", bytes("empty key"));
            }
            sent.add(record);
        }
        List<RecordMetadata> acks = sendAll(lab.producer(), sent);
        for (int i = 0; i < acks.size(); i++) {
            expectEquals((long) (i / 3), acks.get(i).offset(), "offset of record " + i);
        }
        for (var got : take(lab.reader(topic), sent.size())) {
            expectSame(sent.get((int) got.offset() * 3 + got.partition()), got);
        }
    }

    private static void expectSame(ProducerRecord<byte[], byte[]> sent, ConsumerRecord<byte[], byte[]> got) {
        expect(Arrays.equals(sent.key(), got.key()), "key at " + got.offset());
        expect(Arrays.equals(sent.value(), got.value()), "value at " + got.offset());
        expectEquals(sent.timestamp(), got.timestamp(), "timestamp");
        expectEquals(TimestampType.CREATE_TIME, got.timestampType(), "timestamp type");
        expect(Arrays.equals(sent.headers().toArray(), got.headers().toArray()), "headers at " + got.offset());
        expectEquals(0, got.leaderEpoch().map(e -> Math.min(e, 0)).orElse(-1), "leader epoch is known");
    }

    private static void codec(Lab lab, String codec) throws Exception {
        String topic = lab.topic(1);
        var producer = lab.producer("compression.type", codec, "linger.ms", "50", "batch.size", "65536");
        Random random = new Random(7);
        List<byte[]> values = new ArrayList<>();
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            byte[] value = new byte[random.nextInt(2000)];
            random.nextBytes(value);
            Arrays.fill(value, 0, value.length / 2, (byte) 'x');
            values.add(value);
            records.add(new ProducerRecord<>(topic, bytes("k" + i), value));
        }
        sendAll(producer, records);
        for (var got : take(lab.reader(topic), values.size())) {
            expect(Arrays.equals(values.get((int) got.offset()), got.value()), "value at " + got.offset());
        }
        if (!codec.equals("none")) {
            String small = lab.topicNamed(lab.name("small"), 1, "max.message.bytes", "50000");
            get(producer.send(new ProducerRecord<>(small, new byte[500_000])));
        }
    }

    private static void idempotentOrder(Lab lab) throws Exception {
        String topic = lab.topic(4);
        var producer = lab.producer("enable.idempotence", "true", "acks", "all", "linger.ms", "0", "batch.size", "512",
            "max.in.flight.requests.per.connection", "5");
        int perKey = 500;
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < perKey * 8; i++) {
            records.add(new ProducerRecord<>(topic, bytes("k" + i % 8), bytes(String.valueOf(i / 8))));
        }
        sendAll(producer, records);
        int[] next = new int[8];
        for (var got : take(lab.reader(topic), perKey * 8)) {
            int key = text(got.key()).charAt(1) - '0';
            expectEquals(String.valueOf(next[key]++), text(got.value()), "order of key " + key);
        }
    }

    private static void acksLevels(Lab lab) throws Exception {
        String topic = lab.topic(1);
        for (String acks : List.of("0", "1", "all")) {
            sendAll(lab.producer("acks", acks, "enable.idempotence", "false"), Collections.nCopies(50, new ProducerRecord<>(topic, bytes(acks))));
        }
        take(lab.reader(topic), 150);
    }

    private static void largeMessage(Lab lab) throws Exception {
        String topic = lab.topic(1);
        String wide = lab.topicNamed(lab.name("wide"), 1, "max.message.bytes", "4000000");
        var producer = lab.producer("max.request.size", "10000000", "buffer.memory", "40000000");
        byte[] fits = new byte[1_000_000];
        byte[] large = new byte[3_000_000];
        new Random(1).nextBytes(large);
        get(producer.send(new ProducerRecord<>(topic, fits)));
        Lab.expectFailure(RecordTooLargeException.class, producer.send(new ProducerRecord<>(topic, large)));
        get(producer.send(new ProducerRecord<>(wide, large)));
        expect(Arrays.equals(large, take(lab.reader(wide), 1).get(0).value()), "large value");
        take(lab.reader(topic), 1);
    }

    private static void autoCreate(Lab lab) throws Exception {
        String topic = lab.name("auto");
        get(lab.producer().send(new ProducerRecord<>(topic, bytes("first"))));
        expectEquals("first", text(take(lab.reader(topic), 1).get(0).value()), "value");
    }

    private static void logAppendTime(Lab lab) throws Exception {
        String topic = lab.topic(1, "message.timestamp.type", "LogAppendTime");
        long before = System.currentTimeMillis();
        RecordMetadata ack = get(lab.producer("compression.type", "zstd").send(new ProducerRecord<>(topic, 0, 1000L, null, bytes("v"))));
        var got = take(lab.reader(topic, "check.crcs", "true"), 1).get(0);
        expectEquals(TimestampType.LOG_APPEND_TIME, got.timestampType(), "timestamp type");
        expect(Math.abs(got.timestamp() - before) < 30_000, "timestamp " + got.timestamp() + " is the broker's clock");
        expectEquals(got.timestamp(), ack.timestamp(), "timestamp in the acknowledgement");
    }

    /** A fetch limit below one batch must still make progress. */
    private static void smallFetches(Lab lab) throws Exception {
        String topic = lab.topic(2);
        var producer = lab.producer("batch.size", "50000");
        for (int partition = 0; partition < 2; partition++) {
            sendAll(producer, Collections.nCopies(50, new ProducerRecord<>(topic, partition, null, new byte[2000])));
        }
        take(lab.reader(topic, "fetch.max.bytes", "1", "max.partition.fetch.bytes", "1", "max.poll.records", "7"), 100);
    }
}
