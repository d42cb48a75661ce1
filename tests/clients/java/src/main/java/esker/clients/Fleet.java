package esker.clients;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Members of one group, one thread each, which note when they get and let go of partitions.
 *
 * <p>Usage: Fleet BOOTSTRAP TOPIC GROUP PROTOCOL MEMBERS NAME SEEN, PROTOCOL as in {@code group.protocol}. Lines of the SEEN file,
 * each behind the wall clock in milliseconds:
 *
 * <pre>
 * a MEMBER PARTITION          the partition was assigned
 * x MEMBER PARTITION          it is about to be let go, or was lost
 * r MEMBER PARTITION OFFSET   a record
 * n MEMBER ...                something that may happen, such as a commit that comes too late
 * e MEMBER ...                something that may not
 * </pre>
 *
 * <p>SIGTERM ends it: the members leave.
 */
public final class Fleet {
    private static final long COMMIT_EVERY_NANOS = 300_000_000;

    private Fleet() {}

    public static void main(String[] args) throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> threads = new ArrayList<>();
        try (PrintWriter seen = new PrintWriter(Files.newBufferedWriter(Path.of(args[6])))) {
            for (int i = 0; i < Integer.parseInt(args[4]); i++) {
                Member member = new Member(args[5] + "-" + i, args, seen, stop);
                threads.add(new Thread(member, member.name));
            }
            Thread main = Thread.currentThread();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                stop.set(true);
                try {
                    main.join();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }));
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    private static final class Member implements Runnable, ConsumerRebalanceListener {
        final String name;
        private final PrintWriter seen;
        private final AtomicBoolean stop;
        private final KafkaConsumer<byte[], byte[]> consumer;
        private final Map<TopicPartition, OffsetAndMetadata> read = new HashMap<>();
        private long committed = System.nanoTime();

        Member(String name, String[] args, PrintWriter seen, AtomicBoolean stop) {
            Properties config = new Properties();
            config.put("bootstrap.servers", args[0]);
            config.put("group.id", args[2]);
            config.put("group.protocol", args[3]);
            config.put("client.id", name);
            config.put("enable.auto.commit", "false");
            config.put("auto.offset.reset", "earliest");
            config.put("metadata.max.age.ms", "5000");
            if (args[3].equals("classic")) {
                config.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer.RangeAssignor");
                config.put("session.timeout.ms", "6000");
                config.put("heartbeat.interval.ms", "500");
            }
            this.name = name;
            this.seen = seen;
            this.stop = stop;
            consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            consumer.subscribe(List.of(args[1]), this);
        }

        @Override
        public void run() {
            try (consumer) {
                while (!stop.get()) {
                    step();
                }
            } catch (RuntimeException e) {
                note("e", "the end of the member: " + e);
            }
        }

        private void step() {
            try {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    note("r", record.partition() + " " + record.offset());
                    read.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
                }
                if (System.nanoTime() - committed > COMMIT_EVERY_NANOS && !read.isEmpty()) {
                    commit();
                }
            } catch (RetriableException | RebalanceInProgressException | CommitFailedException e) {
                note("n", e.toString());
            } catch (KafkaException e) {
                note("e", e.toString());
            }
        }

        private void commit() {
            committed = System.nanoTime();
            Map<TopicPartition, OffsetAndMetadata> offsets = Map.copyOf(read);
            consumer.commitSync(offsets);
            read.clear();
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            partitions.forEach(partition -> note("a", "" + partition.partition()));
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            try {
                if (!read.isEmpty()) {
                    commit();
                }
            } catch (KafkaException e) {
                note("n", e.toString());
            }
            partitions.forEach(partition -> note("x", "" + partition.partition()));
            partitions.forEach(read::remove);
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            partitions.forEach(partition -> note("x", "" + partition.partition()));
            partitions.forEach(read::remove);
        }

        private void note(String kind, String text) {
            synchronized (seen) {
                seen.println(System.currentTimeMillis() + " " + kind + " " + name + " " + text.replace('\n', ' '));
                seen.flush();
            }
        }
    }
}
