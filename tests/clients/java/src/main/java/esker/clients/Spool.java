package esker.clients;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends a spool file, or reads topics back and prints what was in them. The file's format is in tests/main_job/spool.py.
 *
 * <p>Usage: Spool send BOOTSTRAP TOPIC CODEC FILE, or Spool digest BOOTSTRAP TOPIC... (one line per partition:
 * {@code topic partition count sha256 sha256-without-timestamps}).
 */
public final class Spool {
    private Spool() {}

    public static void main(String[] args) throws Exception {
        if (args[0].equals("send")) {
            send(args[1], args[2], args[3], Path.of(args[4]));
        } else {
            for (String topic : List.of(args).subList(2, args.length)) {
                digest(args[1], topic);
            }
        }
    }

    private static void send(String bootstrap, String topic, String codec, Path file) throws Exception {
        Properties config = new Properties();
        config.put("bootstrap.servers", bootstrap);
        config.put("compression.type", codec);
        config.put("linger.ms", "20");
        config.put("batch.size", "262144");
        AtomicReference<Exception> failure = new AtomicReference<>();
        try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 20));
            var producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            while (true) {
                int partition;
                try {
                    partition = in.readInt();
                } catch (EOFException end) {
                    break;
                }
                long timestamp = in.readLong();
                byte[] key = bytes(in);
                byte[] value = bytes(in);
                List<Header> headers = new ArrayList<>();
                for (int left = in.readInt(); left > 0; left--) {
                    headers.add(new RecordHeader(Lab.text(bytes(in)), bytes(in)));
                }
                producer.send(new ProducerRecord<>(topic, partition, timestamp, key, value, headers), (ack, error) -> {
                    if (error != null) {
                        failure.compareAndSet(null, error);
                    }
                });
            }
        }
        if (failure.get() != null) {
            throw failure.get();
        }
    }

    private static byte[] bytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        return length < 0 ? null : in.readNBytes(length);
    }

    private static void digest(String bootstrap, String topic) throws Exception {
        Properties config = new Properties();
        config.put("bootstrap.servers", bootstrap);
        config.put("fetch.max.bytes", "16777216");
        config.put("max.partition.fetch.bytes", "4194304");
        config.put("max.poll.records", "5000");
        try (var consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            consumer.partitionsFor(topic).forEach(p -> partitions.add(new TopicPartition(topic, p.partition())));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long left = consumer.endOffsets(partitions).values().stream().mapToLong(Long::longValue).sum();
            Digest[] digests = new Digest[partitions.size()];
            for (int p = 0; p < digests.length; p++) {
                digests[p] = new Digest();
            }
            long deadline = System.nanoTime() + Lab.DEADLINE.toNanos();
            while (left > 0) {
                var records = consumer.poll(java.time.Duration.ofMillis(500));
                for (var record : records) {
                    digests[record.partition()].add(record);
                    left--;
                }
                if (!records.isEmpty()) {
                    deadline = System.nanoTime() + Lab.DEADLINE.toNanos();
                }
                Lab.expect(System.nanoTime() < deadline, topic + ": no more records, " + left + " missing");
            }
            for (int p = 0; p < digests.length; p++) {
                System.out.println(topic + " " + p + " " + digests[p]);
            }
        }
    }

    /** What the records of one partition hash to. */
    private static final class Digest {
        private final MessageDigest whole;
        private final MessageDigest content;
        private final DataOutputStream out;
        private long count;

        Digest() throws NoSuchAlgorithmException {
            whole = MessageDigest.getInstance("SHA-256");
            content = MessageDigest.getInstance("SHA-256");
            out = new DataOutputStream(new DigestOutputStream(new DigestOutputStream(OutputStream.nullOutputStream(), whole), content));
        }

        void add(ConsumerRecord<byte[], byte[]> record) throws IOException {
            Lab.expect(record.offset() == count++, "offset " + record.offset() + " is not the next one");
            put(record.key());
            put(record.value());
            Header[] headers = record.headers().toArray();
            out.writeInt(headers.length);
            for (Header header : headers) {
                put(Lab.bytes(header.key()));
                put(header.value());
            }
            whole.update(java.nio.ByteBuffer.allocate(8).putLong(record.timestamp()).flip());
        }

        private void put(byte[] bytes) throws IOException {
            out.writeInt(bytes == null ? -1 : bytes.length);
            if (bytes != null) {
                out.write(bytes);
            }
        }

        @Override
        public String toString() {
            return count + " " + HexFormat.of().formatHex(whole.digest()) + " " + HexFormat.of().formatHex(content.digest());
        }
    }
}
