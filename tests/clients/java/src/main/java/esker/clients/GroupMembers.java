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
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * The members of a consumer group, one thread each, with the client's default settings but for commits by hand. They outlive broker
 * crashes and note what they are given, in one file, in the order in which it happens.
 *
 * <p>Usage: GroupMembers BOOTSTRAP TOPIC GROUP MEMBERS SEEN. Lines of the SEEN file:
 *
 * <pre>
 * a MEMBER PARTITION OFFSET           the partition was assigned, and reading starts there
 * r MEMBER PARTITION OFFSET KEY VALUE a record
 * c MEMBER PARTITION OFFSET           the group's offset was committed
 * n MEMBER ...                        something that may happen, such as a commit that comes too late
 * e MEMBER ...                        something that may not
 * </pre>
 *
 * <p>The group must have an offset for every partition before: a member that finds none, or one out of range, notes an error.
 * SIGTERM ends it.
 */
public final class GroupMembers {
    private static final long COMMIT_EVERY_NANOS = 500_000_000;

    private GroupMembers() {}

    public static void main(String[] args) throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> threads = new ArrayList<>();
        try (PrintWriter seen = new PrintWriter(Files.newBufferedWriter(Path.of(args[4])))) {
            for (int i = 0; i < Integer.parseInt(args[3]); i++) {
                Member member = new Member("java-" + i, args[0], args[1], args[2], seen, stop);
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
        private final KafkaConsumer<String, String> consumer;
        private final Map<TopicPartition, OffsetAndMetadata> read = new HashMap<>();
        private long committed = System.nanoTime();

        Member(String name, String bootstrap, String topic, String group, PrintWriter seen, AtomicBoolean stop) {
            Properties config = new Properties();
            config.put("bootstrap.servers", bootstrap);
            config.put("group.id", group);
            config.put("client.id", name);
            config.put("enable.auto.commit", "false");
            config.put("auto.offset.reset", "none");
            this.name = name;
            this.seen = seen;
            this.stop = stop;
            consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
            consumer.subscribe(List.of(topic), this);
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
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    note("r", record.partition() + " " + record.offset() + " " + record.key() + " " + record.value());
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
            offsets.forEach((partition, offset) -> note("c", partition.partition() + " " + offset.offset()));
            offsets.forEach(read::remove);
            synchronized (seen) {
                seen.flush();
            }
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            for (TopicPartition partition : partitions) {
                note("a", partition.partition() + " " + consumer.position(partition));
            }
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            partitions.forEach(read::remove);
        }

        private void note(String kind, String text) {
            synchronized (seen) {
                seen.println(kind + " " + name + " " + text.replace('\n', ' '));
            }
        }
    }
}
