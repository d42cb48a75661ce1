package esker.clients;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ShareGroupDescription;
import org.apache.kafka.clients.admin.ShareMemberDescription;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/**
 * What an administrator does with share groups.
 *
 * <p>Usage: ShareAdmin BOOTSTRAP COMMAND GROUP..., one line of output for each thing found:
 *
 * <pre>
 * config GROUP KEY=VALUE...          sets the group's settings
 * configs GROUP                      KEY=VALUE of each of its settings for share groups
 * list                               GROUP STATE of each share group
 * describe GROUP                     the state, then for each member: CLIENT PARTITIONS
 * offsets GROUP                      PARTITION START LAG
 * reset GROUP TOPIC PARTITION=OFFSET moves starts
 * forget GROUP TOPIC                 the group has never read the topic
 * delete GROUP
 * </pre>
 */
public final class ShareAdmin {
    private ShareAdmin() {}

    public static void main(String[] args) throws Exception {
        Properties config = new Properties();
        config.put("bootstrap.servers", args[0]);
        try (Admin admin = Admin.create(config)) {
            run(admin, args);
        }
    }

    private static void run(Admin admin, String[] args) throws Exception {
        String group = args.length > 2 ? args[2] : "";
        switch (args[1]) {
            case "config" -> {
                List<AlterConfigOp> ops = new ArrayList<>();
                for (int i = 3; i < args.length; i++) {
                    String[] pair = args[i].split("=", 2);
                    ops.add(new AlterConfigOp(new ConfigEntry(pair[0], pair[1]), AlterConfigOp.OpType.SET));
                }
                admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.GROUP, group), ops)).all().get();
            }
            case "configs" -> {
                ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
                for (ConfigEntry entry : admin.describeConfigs(List.of(resource)).all().get().get(resource).entries()) {
                    if (entry.name().startsWith("share.")) {
                        System.out.println(entry.name() + "=" + entry.value());
                    }
                }
            }
            case "list" -> {
                ListGroupsOptions share = new ListGroupsOptions().withTypes(java.util.Set.of(GroupType.SHARE));
                for (GroupListing found : admin.listGroups(share).all().get()) {
                    System.out.println(found.groupId() + " " + found.groupState().map(Enum::name).orElse("?"));
                }
            }
            case "describe" -> {
                ShareGroupDescription found = admin.describeShareGroups(List.of(group)).all().get().get(group);
                System.out.println(found.groupState().name());
                for (ShareMemberDescription member : found.members()) {
                    System.out.println(member.clientId() + " " + member.assignment().topicPartitions().size());
                }
            }
            case "offsets" -> {
                var all = admin.listShareGroupOffsets(Map.of(group, new ListShareGroupOffsetsSpec())).partitionsToOffsetInfo(group).get();
                Map<Integer, String> lines = new TreeMap<>();
                for (Map.Entry<TopicPartition, SharePartitionOffsetInfo> entry : all.entrySet()) {
                    SharePartitionOffsetInfo info = entry.getValue();
                    lines.put(entry.getKey().partition(), info == null ? "null" : info.startOffset() + " " + info.lag().orElse(-1L));
                }
                lines.forEach((partition, line) -> System.out.println(partition + " " + line));
            }
            case "reset" -> {
                Map<TopicPartition, Long> offsets = new HashMap<>();
                for (int i = 4; i < args.length; i++) {
                    String[] pair = args[i].split("=", 2);
                    offsets.put(new TopicPartition(args[3], Integer.parseInt(pair[0])), Long.parseLong(pair[1]));
                }
                admin.alterShareGroupOffsets(group, offsets).all().get();
            }
            case "forget" -> admin.deleteShareGroupOffsets(group, java.util.Set.of(args[3])).all().get();
            case "delete" -> admin.deleteShareGroups(List.of(group)).all().get();
            default -> throw new IllegalArgumentException(args[1]);
        }
    }
}
