package esker.clients;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Copies a topic into another, each record exactly once: what is written and how far was read is one transaction.
 *
 * <p>Usage: TransactionalCopy BOOTSTRAP FROM TO GROUP ID LOG. Whatever goes wrong, it starts over with new clients, from the group's
 * offsets, and says so in LOG. SIGTERM ends it.
 */
public final class TransactionalCopy {
    private TransactionalCopy() {}

    public static void main(String[] args) throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stop.set(true);
            try {
                main.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        try (PrintWriter log = new PrintWriter(Files.newBufferedWriter(
                Path.of(args[5]), StandardOpenOption.CREATE, StandardOpenOption.APPEND), true)) {
            while (!stop.get()) {
                try {
                    copy(args[0], args[1], args[2], args[3], args[4], stop);
                } catch (KafkaException e) {
                    log.println(e + " because of " + e.getCause());
                }
            }
        }
    }

    private static void copy(String bootstrap, String from, String to, String group, String id, AtomicBoolean stop) {
        Properties reads = new Properties();
        reads.put("bootstrap.servers", bootstrap);
        reads.put("group.id", group);
        reads.put("client.id", id);
        reads.put("enable.auto.commit", "false");
        reads.put("auto.offset.reset", "earliest");
        reads.put("isolation.level", "read_committed");
        reads.put("session.timeout.ms", "10000");
        reads.put("max.poll.records", "50");
        Properties writes = new Properties();
        writes.put("bootstrap.servers", bootstrap);
        writes.put("transactional.id", id);
        writes.put("transaction.timeout.ms", "20000");
        writes.put("linger.ms", "5");
        try (var consumer = new KafkaConsumer<>(reads, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            var producer = new KafkaProducer<>(writes, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.initTransactions();
            consumer.subscribe(List.of(from));
            while (!stop.get()) {
                step(consumer, producer, to);
            }
        }
    }

    private static void step(KafkaConsumer<byte[], byte[]> consumer, KafkaProducer<byte[], byte[]> producer, String to) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(100));
        if (records.isEmpty()) {
            return;
        }
        Map<TopicPartition, OffsetAndMetadata> read = new HashMap<>();
        producer.beginTransaction();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            producer.send(new ProducerRecord<>(to, record.partition(), null, record.value()));
            read.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
        }
        producer.sendOffsetsToTransaction(read, consumer.groupMetadata());
        producer.commitTransaction();
    }
}
