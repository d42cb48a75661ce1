package esker.clients;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * An idempotent producer that outlives broker crashes and notes every acknowledgement.
 *
 * <p>Usage: LoadProducer BOOTSTRAP TOPIC NAME KEYS RATE ACKS SETTINGS, the last one {@code patient} (no record is given up
 * within half an hour) or {@code default} (the client's own). Keys are {@code NAME-0..KEYS}, the value of a key's n-th record
 * is {@code n}. A line of the ACKS file is {@code key n partition offset}. SIGTERM ends the load: what is in flight is
 * waited for, then the last line is {@code end}; a record that failed for good leaves a line {@code error ...}.
 */
public final class LoadProducer {
    private LoadProducer() {}

    public static void main(String[] args) throws Exception {
        Properties config = new Properties();
        config.put("bootstrap.servers", args[0]);
        config.put("enable.idempotence", "true");
        config.put("acks", "all");
        if (args[6].equals("patient")) {
            config.put("linger.ms", "5");
            config.put("delivery.timeout.ms", "1800000");
            config.put("request.timeout.ms", "10000");
            config.put("max.block.ms", "1800000");
            config.put("reconnect.backoff.max.ms", "200");
            config.put("retry.backoff.max.ms", "200");
        }
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
        try (PrintWriter acks = new PrintWriter(Files.newBufferedWriter(Path.of(args[5])))) {
            try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
                load(producer, args[1], args[2], Integer.parseInt(args[3]), Integer.parseInt(args[4]), stop, acks);
            }
            acks.println("end");
        }
    }

    private static void load(KafkaProducer<String, String> producer, String topic, String name, int keys, int rate,
        AtomicBoolean stop, PrintWriter acks) throws InterruptedException {
        long start = System.nanoTime();
        for (long i = 0; !stop.get(); i++) {
            String key = name + "-" + i % keys;
            String value = String.valueOf(i / keys);
            producer.send(new ProducerRecord<>(topic, key, value), (ack, error) -> {
                synchronized (acks) {
                    if (error != null) {
                        acks.println("error " + key + " " + value + " " + error);
                    } else {
                        acks.println(key + " " + value + " " + ack.partition() + " " + ack.offset());
                    }
                    if (ack != null && ack.offset() % 100 == 0) {
                        acks.flush();
                    }
                }
            });
            long ahead = i * 1_000_000_000L / rate - (System.nanoTime() - start);
            if (ahead > 2_000_000) {
                Thread.sleep(ahead / 1_000_000);
            }
        }
    }
}
