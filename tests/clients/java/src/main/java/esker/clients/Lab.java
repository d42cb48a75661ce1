package esker.clients;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** What one check works with: unique names, clients that are closed at its end, and expectations. */
final class Lab implements AutoCloseable {
    static final Duration DEADLINE = Duration.ofSeconds(30);

    final String bootstrap;
    final Admin admin;
    private final String prefix;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    Lab(String bootstrap, String check) {
        this.bootstrap = bootstrap;
        this.prefix = "java-" + check.replace('_', '-') + "-" + UUID.randomUUID().toString().substring(0, 8);
        this.admin = Admin.create(Map.of("bootstrap.servers", bootstrap, "default.api.timeout.ms", "30000"));
        open.push(admin);
    }

    @Override
    public void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    /** A name no other check or run uses. */
    String name(String suffix) {
        return prefix + "-" + suffix;
    }

    String topic(int partitions, String... configs) throws Exception {
        return topicNamed(name("t"), partitions, configs);
    }

    String topicNamed(String name, int partitions, String... configs) throws Exception {
        NewTopic topic = new NewTopic(name, partitions, (short) 1).configs(map(configs));
        get(admin.createTopics(List.of(topic)).all());
        return name;
    }

    Future<Void> topicFuture(String name, int partitions, int replicas) {
        return admin.createTopics(List.of(new NewTopic(name, partitions, (short) replicas))).all();
    }

    KafkaProducer<byte[], byte[]> producer(String... configs) {
        Properties p = properties(configs, "linger.ms", "5", "delivery.timeout.ms", "30000", "request.timeout.ms", "20000");
        var producer = new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer());
        open.push(producer);
        return producer;
    }

    KafkaConsumer<byte[], byte[]> consumer(String group, String... configs) {
        Properties p = properties(configs, "auto.offset.reset", "earliest", "enable.auto.commit", "false",
            "session.timeout.ms", "10000", "heartbeat.interval.ms", "500", "fetch.max.wait.ms", "100",
            "metadata.max.age.ms", "2000");
        if (group != null) {
            p.putIfAbsent("group.id", group);
        }
        var consumer = new KafkaConsumer<>(p, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        open.push(() -> consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ofSeconds(5))));
        return consumer;
    }

    /** A consumer assigned to every partition of the topic, at the beginning. */
    KafkaConsumer<byte[], byte[]> reader(String topic, String... configs) {
        KafkaConsumer<byte[], byte[]> consumer = consumer(null, configs);
        List<TopicPartition> all = new ArrayList<>();
        consumer.partitionsFor(topic).forEach(p -> all.add(new TopicPartition(topic, p.partition())));
        consumer.assign(all);
        consumer.seekToBeginning(all);
        return consumer;
    }

    /** Polls until `count` records came; more than that is an error too. */
    static List<ConsumerRecord<byte[], byte[]>> take(KafkaConsumer<byte[], byte[]> consumer, int count) {
        List<ConsumerRecord<byte[], byte[]>> got = new ArrayList<>();
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (got.size() < count) {
            expect(System.nanoTime() < deadline, "timed out with " + got.size() + " of " + count + " records");
            consumer.poll(Duration.ofMillis(200)).forEach(got::add);
        }
        expect(got.size() == count, "read " + got.size() + " records instead of " + count);
        return got;
    }

    /** Sends the records in order and waits for every acknowledgement; a failed one raises. */
    static List<RecordMetadata> sendAll(KafkaProducer<byte[], byte[]> producer, List<ProducerRecord<byte[], byte[]>> records)
        throws Exception {
        List<Future<RecordMetadata>> futures = new ArrayList<>();
        records.forEach(record -> futures.add(producer.send(record)));
        producer.flush();
        List<RecordMetadata> acks = new ArrayList<>();
        for (Future<RecordMetadata> future : futures) {
            acks.add(get(future));
        }
        return acks;
    }

    /** Sends `count` records valued 0..count to one partition and waits for every acknowledgement. */
    void fill(String topic, int partition, int count) throws Exception {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            records.add(new ProducerRecord<>(topic, partition, null, bytes(String.valueOf(i))));
        }
        sendAll(producer(), records);
    }

    static <T> T get(Future<T> future) throws Exception {
        return future.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The failure of a future, which must be of the given class. */
    static void expectFailure(Class<? extends Throwable> expected, Future<?> future) throws Exception {
        try {
            get(future);
        } catch (ExecutionException e) {
            expect(expected.isInstance(e.getCause()), "failed with " + e.getCause() + " instead of " + expected.getSimpleName());
            return;
        }
        throw new AssertionError("succeeded instead of failing with " + expected.getSimpleName());
    }

    static void until(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("timed out: " + what);
            }
        }
    }

    static void expect(boolean holds, String message) {
        if (!holds) {
            throw new AssertionError(message);
        }
    }

    static void expectEquals(Object expected, Object actual, String what) {
        expect(expected.equals(actual), what + ": expected " + expected + ", got " + actual);
    }

    static byte[] bytes(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
    }

    private Properties properties(String[] configs, String... defaults) {
        Properties p = new Properties();
        p.put("bootstrap.servers", bootstrap);
        p.putAll(map(defaults));
        p.putAll(map(configs));
        return p;
    }

    private static Map<String, String> map(String... pairs) {
        Map<String, String> map = new java.util.TreeMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(pairs[i], pairs[i + 1]);
        }
        return map;
    }
}
