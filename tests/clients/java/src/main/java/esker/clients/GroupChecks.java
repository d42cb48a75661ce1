package esker.clients;

import static esker.clients.Lab.expect;
import static esker.clients.Lab.expectEquals;
import static esker.clients.Lab.until;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;

/** Consumer groups by the classic protocol: eager, cooperative, static members. */
final class GroupChecks {
    private static final int PARTITIONS = 6;
    private static final String COOPERATIVE = "org.apache.kafka.clients.consumer.CooperativeStickyAssignor";
    private static final String RANGE = "org.apache.kafka.clients.consumer.RangeAssignor";

    private GroupChecks() {}

    static void register(Map<String, Checks.Check> all) {
        all.put("group_eager", lab -> rebalance(lab, RANGE));
        all.put("group_cooperative", lab -> rebalance(lab, COOPERATIVE));
        all.put("group_static", GroupChecks::staticMembers);
        all.put("group_takeover", GroupChecks::takeover);
    }

    /** A consumer that notes what is taken from it. */
    private static final class Member implements ConsumerRebalanceListener {
        final KafkaConsumer<byte[], byte[]> consumer;
        final Set<TopicPartition> revoked = new HashSet<>();
        int assignments;
        int records;

        Member(Lab lab, String topic, String group, String... configs) {
            consumer = lab.consumer(group, configs);
            consumer.subscribe(List.of(topic), this);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            revoked.addAll(partitions);
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            assignments++;
        }

        void poll() {
            records += consumer.poll(Duration.ofMillis(50)).count();
        }

        int owned() {
            return consumer.assignment().size();
        }
    }

    private static void awaitShares(List<Member> members, int... shares) {
        until("shares " + java.util.Arrays.toString(shares), () -> {
            members.forEach(Member::poll);
            Set<TopicPartition> distinct = new HashSet<>();
            boolean right = true;
            for (int i = 0; i < shares.length; i++) {
                right &= members.get(i).owned() == shares[i];
                distinct.addAll(members.get(i).consumer.assignment());
            }
            return right && distinct.size() == PARTITIONS;
        });
    }

    private static void rebalance(Lab lab, String assignor) throws Exception {
        String topic = lab.topic(PARTITIONS);
        String group = lab.name("g");
        String[] configs = {"partition.assignment.strategy", assignor, "group.protocol", "classic"};
        List<Member> members = new ArrayList<>();
        members.add(new Member(lab, topic, group, configs));
        awaitShares(members, 6);
        members.add(new Member(lab, topic, group, configs));
        awaitShares(members, 3, 3);
        int taken = assignor.equals(COOPERATIVE) ? 3 : 6;
        expectEquals(taken, members.get(0).revoked.size(), "partitions the first member had to give up");
        members.add(new Member(lab, topic, group, configs));
        awaitShares(members, 2, 2, 2);
        members.get(1).consumer.close();
        members.remove(1);
        awaitShares(members, 3, 3);
        for (int p = 0; p < PARTITIONS; p++) {
            lab.fill(topic, p, 10);
        }
        until("all records read once", () -> {
            members.forEach(Member::poll);
            return members.stream().mapToInt(m -> m.records).sum() == 60;
        });
    }

    /** A member that vanishes without a word loses its partitions after the session timeout. */
    private static void takeover(Lab lab) throws Exception {
        String topic = lab.topic(PARTITIONS);
        String group = lab.name("g");
        Member stays = new Member(lab, topic, group);
        Member vanishes = new Member(lab, topic, group, "session.timeout.ms", "6000", "max.poll.interval.ms", "6000");
        awaitShares(List.of(stays, vanishes), 3, 3);
        awaitShares(List.of(stays), PARTITIONS);
    }

    private static void staticMembers(Lab lab) throws Exception {
        String topic = lab.topic(PARTITIONS);
        String group = lab.name("g");
        List<Member> members = new ArrayList<>();
        members.add(new Member(lab, topic, group, "group.instance.id", "one"));
        members.add(new Member(lab, topic, group, "group.instance.id", "two"));
        awaitShares(members, 3, 3);
        Set<TopicPartition> before = Set.copyOf(members.get(1).consumer.assignment());
        int generation = members.get(0).consumer.groupMetadata().generationId();
        members.get(1).consumer.close(CloseOptions.timeout(Duration.ofSeconds(2)));
        Member again = new Member(lab, topic, group, "group.instance.id", "two");
        members.set(1, again);
        awaitShares(members, 3, 3);
        expectEquals(before, again.consumer.assignment(), "a static member gets its partitions back");
        expectEquals(generation, members.get(0).consumer.groupMetadata().generationId(), "without a rebalance");

        Member usurper = new Member(lab, topic, group, "group.instance.id", "two");
        try {
            until("the older of two equal instance ids is fenced", () -> {
                usurper.poll();
                again.poll();
                return false;
            });
        } catch (FencedInstanceIdException e) {
            expect(e.getMessage() != null, "fenced");
        }
        awaitShares(List.of(members.get(0), usurper), 3, 3);
    }
}
