package esker.clients;

import static esker.clients.Lab.expect;
import static esker.clients.Lab.expectEquals;
import static esker.clients.Lab.expectFailure;
import static esker.clients.Lab.get;
import static esker.clients.Lab.until;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Topics, partitions, configs, groups and the cluster, as an administrator sees them. */
final class AdminChecks {
    private AdminChecks() {}

    static void register(Map<String, Checks.Check> all) {
        all.put("admin_topics", AdminChecks::topics);
        all.put("admin_partitions", AdminChecks::partitions);
        all.put("admin_configs", AdminChecks::configs);
        all.put("admin_groups", AdminChecks::groups);
        all.put("admin_offsets", AdminChecks::offsets);
        all.put("describe_cluster", AdminChecks::cluster);
    }

    private static void topics(Lab lab) throws Exception {
        String topic = lab.name("t");
        var created = lab.admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1).configs(Map.of("retention.ms", "1234567"))));
        expectEquals(3, get(created.numPartitions(topic)), "partitions in the answer");
        expectEquals("1234567", get(created.config(topic)).get("retention.ms").value(), "config in the answer");
        expectFailure(TopicExistsException.class, lab.topicFuture(topic, 1, 1));
        expectFailure(InvalidTopicException.class, lab.topicFuture("no spaces allowed", 1, 1));
        expectFailure(InvalidReplicationFactorException.class, lab.topicFuture(lab.name("rf"), 1, 9));
        expectFailure(InvalidPartitionsException.class, lab.topicFuture(lab.name("zero"), 0, 1));
        var options = new org.apache.kafka.clients.admin.CreateTopicsOptions().validateOnly(true);
        get(lab.admin.createTopics(List.of(new NewTopic(lab.name("dry"), 1, (short) 1)), options).all());
        Set<String> names = get(lab.admin.listTopics().names());
        expect(names.contains(topic) && !names.contains(lab.name("dry")), "listing");

        TopicDescription described = get(lab.admin.describeTopics(List.of(topic)).allTopicNames()).get(topic);
        expectEquals(3, described.partitions().size(), "partitions");
        expectEquals(get(created.topicId(topic)), described.topicId(), "topic id");
        for (var partition : described.partitions()) {
            expect(partition.leader() != null, "a leader");
            expectEquals(1, partition.replicas().size(), "replicas");
            expectEquals(1, partition.isr().size(), "in-sync replicas");
        }
        get(lab.admin.deleteTopics(List.of(topic)).all());
        until("gone", () -> !namesOf(lab).contains(topic));
        expectFailure(UnknownTopicOrPartitionException.class, lab.admin.deleteTopics(List.of(topic)).all());
        expectFailure(UnknownTopicOrPartitionException.class, lab.admin.describeTopics(List.of(topic)).allTopicNames());
        get(lab.topicFuture(topic, 1, 1));
        until("listed again", () -> namesOf(lab).contains(topic));
        expect(!get(lab.admin.describeTopics(List.of(topic)).allTopicNames()).get(topic).topicId().equals(described.topicId()),
            "the same name again is another topic");
    }

    private static Set<String> namesOf(Lab lab) {
        try {
            return get(lab.admin.listTopics().names());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void partitions(Lab lab) throws Exception {
        String topic = lab.topic(2);
        lab.fill(topic, 1, 5);
        get(lab.admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(5))).all());
        until("five partitions", () -> lab.consumer(null).partitionsFor(topic).size() == 5);
        lab.fill(topic, 4, 5);
        Lab.take(lab.reader(topic), 10);
        expectFailure(InvalidPartitionsException.class, lab.admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all());
        expectFailure(UnknownTopicOrPartitionException.class,
            lab.admin.createPartitions(Map.of(lab.name("none"), NewPartitions.increaseTo(3))).all());
    }

    private static void configs(Lab lab) throws Exception {
        ConfigResource topic = new ConfigResource(Type.TOPIC, lab.topic(1));
        var all = get(lab.admin.describeConfigs(List.of(topic)).all()).get(topic);
        for (String key : List.of("cleanup.policy", "retention.ms", "retention.bytes", "max.message.bytes", "compression.type",
            "min.insync.replicas", "message.timestamp.type", "segment.bytes")) {
            expect(all.get(key) != null && all.get(key).value() != null, "describes " + key);
            expect(all.get(key).source() != ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG, key + " is not the topic's own");
        }
        alter(lab, topic, new ConfigEntry("retention.ms", "7200000"), OpType.SET);
        ConfigEntry set = get(lab.admin.describeConfigs(List.of(topic)).all()).get(topic).get("retention.ms");
        expectEquals("7200000", set.value(), "value set");
        expectEquals(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG, set.source(), "its source");
        alter(lab, topic, new ConfigEntry("cleanup.policy", "compact"), OpType.APPEND);
        expectEquals("delete,compact", value(lab, topic, "cleanup.policy"), "appended");
        alter(lab, topic, new ConfigEntry("cleanup.policy", "delete"), OpType.SUBTRACT);
        expectEquals("compact", value(lab, topic, "cleanup.policy"), "subtracted");
        alter(lab, topic, new ConfigEntry("retention.ms", null), OpType.DELETE);
        expectEquals(all.get("retention.ms").value(), value(lab, topic, "retention.ms"), "back to the default");
        expectFailure(InvalidConfigurationException.class, altering(lab, topic, new ConfigEntry("retention.ms", "soon"), OpType.SET));
        expectFailure(InvalidConfigurationException.class, altering(lab, topic, new ConfigEntry("no.such.key", "1"), OpType.SET));
        String node = get(lab.admin.describeCluster().controller()).idString();
        ConfigResource broker = new ConfigResource(Type.BROKER, node);
        expect(get(lab.admin.describeConfigs(List.of(broker)).all()).get(broker).get("num.partitions") != null, "broker configs");
    }

    private static java.util.concurrent.Future<?> altering(Lab lab, ConfigResource resource, ConfigEntry entry, OpType op) {
        return lab.admin.incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(entry, op)))).all();
    }

    private static void alter(Lab lab, ConfigResource resource, ConfigEntry entry, OpType op) throws Exception {
        String before = value(lab, resource, entry.name());
        get(altering(lab, resource, entry, op));
        // Kafka answers before its own metadata cache has caught up.
        until("the change of " + entry.name() + " is visible", () -> {
            try {
                return !before.equals(value(lab, resource, entry.name()));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static String value(Lab lab, ConfigResource resource, String key) throws Exception {
        return get(lab.admin.describeConfigs(List.of(resource)).all()).get(resource).get(key).value();
    }

    private static void groups(Lab lab) throws Exception {
        String topic = lab.topic(2);
        String group = lab.name("g");
        lab.fill(topic, 0, 10);
        var consumer = lab.consumer(group, "client.id", "the-client");
        consumer.subscribe(List.of(topic));
        Lab.take(consumer, 10);
        consumer.commitSync();
        var described = get(lab.admin.describeConsumerGroups(List.of(group)).all()).get(group);
        expectEquals(GroupState.STABLE, described.groupState(), "state");
        expectEquals(1, described.members().size(), "members");
        var member = described.members().iterator().next();
        expectEquals("the-client", member.clientId(), "client id");
        expectEquals(Set.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1)), member.assignment().topicPartitions(), "assignment");
        expect(get(lab.admin.listGroups().all()).stream().anyMatch(g -> g.groupId().equals(group)), "listed");
        expectFailure(GroupNotEmptyException.class, lab.admin.deleteConsumerGroups(List.of(group)).all());
        consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ofSeconds(5)));
        until("empty", () -> state(lab, group) == GroupState.EMPTY);
        get(lab.admin.deleteConsumerGroups(List.of(group)).all());
        expectFailure(GroupIdNotFoundException.class, lab.admin.deleteConsumerGroups(List.of(group)).all());
        expect(get(lab.admin.listGroups().all()).stream().noneMatch(g -> g.groupId().equals(group)), "no longer listed");
    }

    private static GroupState state(Lab lab, String group) {
        try {
            return get(lab.admin.describeConsumerGroups(List.of(group)).all()).get(group).groupState();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void offsets(Lab lab) throws Exception {
        String topic = lab.topic(2);
        String group = lab.name("g");
        TopicPartition zero = new TopicPartition(topic, 0);
        TopicPartition one = new TopicPartition(topic, 1);
        lab.fill(topic, 0, 10);
        get(lab.admin.alterConsumerGroupOffsets(group, Map.of(
            zero, new OffsetAndMetadata(7, Optional.empty(), "by hand"), one, new OffsetAndMetadata(0))).all());
        var listed = get(lab.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
        expectEquals(7L, listed.get(zero).offset(), "offset");
        expectEquals("by hand", listed.get(zero).metadata(), "metadata");
        var consumer = lab.consumer(group);
        consumer.subscribe(List.of(topic));
        expectEquals(7L, Lab.take(consumer, 3).get(0).offset(), "a consumer starts there");
        expectFailure(org.apache.kafka.common.errors.GroupSubscribedToTopicException.class,
            lab.admin.deleteConsumerGroupOffsets(group, Set.of(zero)).all());
        consumer.close();
        get(lab.admin.deleteConsumerGroupOffsets(group, Set.of(zero)).all());
        listed = get(lab.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
        expect(listed.get(zero) == null && listed.get(one) != null, "one of two offsets deleted");
    }

    private static void cluster(Lab lab) throws Exception {
        var described = lab.admin.describeCluster();
        expect(get(described.clusterId()) != null && !get(described.clusterId()).isEmpty(), "cluster id");
        expectEquals(1, get(described.nodes()).size(), "nodes");
        expect(!get(described.controller()).isEmpty(), "controller");
        var node = get(described.nodes()).iterator().next();
        expectEquals(lab.bootstrap, node.host() + ":" + node.port(), "advertised address");
    }
}
