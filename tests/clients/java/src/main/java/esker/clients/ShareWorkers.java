package esker.clients;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * The members of a share group, one thread each. They outlive broker crashes and note what they are given and what became of what
 * they said, in one file, in the order in which it happens.
 *
 * <p>Usage: ShareWorkers BOOTSTRAP TOPIC GROUP MEMBERS SEEN POLICY [KEY=VALUE...], with further settings of the consumer. The policy is
 * {@code accept}, or {@code mixed}: offsets that end in 3 are released the first time, those that end in 7
 * rejected, and those that end in 9 renewed before they are accepted. Lines of the SEEN
 * file:
 *
 * <pre>
 * g MILLIS MEMBER PARTITION OFFSET COUNT VALUE  a record was given, for the COUNTth time
 * k MILLIS MEMBER PARTITION OFFSET TYPE         what was said of it is acknowledged
 * x MILLIS MEMBER PARTITION OFFSET TYPE ERROR   it is refused, or nobody knows
 * n MILLIS MEMBER ...                           something that may happen
 * e MILLIS MEMBER ...                           something that may not
 * </pre>
 *
 * <p>SIGTERM ends it.
 */
public final class ShareWorkers {
    private ShareWorkers() {}

    public static void main(String[] args) throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> threads = new ArrayList<>();
        try (PrintWriter seen = new PrintWriter(Files.newBufferedWriter(Path.of(args[4])))) {
            for (int i = 0; i < Integer.parseInt(args[3]); i++) {
                Worker worker = new Worker("java-" + ProcessHandle.current().pid() + "-" + i, args, seen, stop);
                threads.add(new Thread(worker, worker.name));
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

    private static final class Worker implements Runnable {
        final String name;
        private final String[] args;
        private final PrintWriter seen;
        private final AtomicBoolean stop;
        /** What was said last of each record, by {@code partition offset}. */
        private final Map<String, AcknowledgeType> said = new HashMap<>();

        Worker(String name, String[] args, PrintWriter seen, AtomicBoolean stop) {
            this.name = name;
            this.args = args;
            this.seen = seen;
            this.stop = stop;
        }

        @Override
        public void run() {
            Properties config = new Properties();
            config.put("bootstrap.servers", args[0]);
            config.put("group.id", args[2]);
            config.put("client.id", name);
            config.put("share.acknowledgement.mode", "explicit");
            config.put("max.poll.records", "100");
            for (int i = 6; i < args.length; i++) {
                String[] pair = args[i].split("=", 2);
                config.put(pair[0], pair[1]);
            }
            try (var consumer = new KafkaShareConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
                consumer.setAcknowledgementCommitCallback(this::committed);
                consumer.subscribe(List.of(args[1]));
                while (!stop.get()) {
                    work(consumer);
                }
            } catch (InterruptException e) {
                note("n", "interrupted");
            } catch (RuntimeException e) {
                note("e", "died " + e);
                e.printStackTrace();
            }
        }

        private void work(KafkaShareConsumer<String, String> consumer) {
            try {
                ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(200));
                for (ConsumerRecord<String, String> record : records) {
                    int count = record.deliveryCount().map(Short::intValue).orElse(-1);
                    note("g", record.partition() + " " + record.offset() + " " + count + " " + record.value());
                }
                for (ConsumerRecord<String, String> record : records) {
                    AcknowledgeType type = judge(record);
                    said.put(record.partition() + " " + record.offset(), type);
                    consumer.acknowledge(record, type);
                }
                consumer.commitSync(Duration.ofSeconds(30));
            } catch (KafkaException | IllegalStateException e) {
                note("n", "work " + e.toString().replace('\n', ' '));
            }
        }

        private AcknowledgeType judge(ConsumerRecord<String, String> record) {
            int count = record.deliveryCount().map(Short::intValue).orElse(-1);
            if (args[5].equals("accept")) {
                return AcknowledgeType.ACCEPT;
            }
            String place = record.partition() + " " + record.offset();
            return switch ((int) (record.offset() % 10)) {
                case 3 -> count == 1 ? AcknowledgeType.RELEASE : AcknowledgeType.ACCEPT;
                case 7 -> AcknowledgeType.REJECT;
                case 9 -> said.containsKey(place) ? AcknowledgeType.ACCEPT : AcknowledgeType.RENEW;
                default -> AcknowledgeType.ACCEPT;
            };
        }

        private void committed(Map<TopicIdPartition, Set<Long>> offsets, Exception error) {
            offsets.forEach((partition, all) -> {
                for (long offset : all) {
                    String place = partition.partition() + " " + offset;
                    String what = place + " " + said.get(place).name();
                    note(error == null ? "k" : "x", error == null ? what : what + " " + error.toString().replace('\n', ' '));
                }
            });
        }

        private void note(String kind, String what) {
            synchronized (seen) {
                seen.println(kind + " " + System.currentTimeMillis() + " " + name + " " + what);
                seen.flush();
            }
        }
    }
}
