// SPDX-License-Identifier: Apache-2.0
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** The admin calls that every version of the client has, in the versions that it speaks. */
final class AdminBasics {
  private final Cluster cluster;
  private final String topic;

  AdminBasics(Cluster cluster, String prefix) {
    this.cluster = cluster;
    this.topic = prefix + "-basics";
  }

  void run() {
    Checks checks = new Checks("admin.");
    if (!checks.check("createTopics", this::create)) return;
    checks.check("createPartitions", this::create_partitions);
    checks.check("describeConfigs", this::describe_configs);
    checks.check("deleteRecords", this::delete_records);
    checks.check("deleteTopics", this::delete_topics);
  }

  private void create() throws Exception {
    NewTopic wanted = new NewTopic(topic, 1, (short) 1).configs(Map.of("retention.ms", "4711"));
    CreateTopicsOptions validate = new CreateTopicsOptions().validateOnly(true);
    cluster.admin.createTopics(List.of(wanted), validate).all().get();
    cluster.create(wanted);
    Checks.fails(TopicExistsException.class, () -> cluster.create(wanted), "creating it again");
    NewTopic replicated = new NewTopic(topic + "-2", 1, (short) 2);
    Checks.fails(
        InvalidReplicationFactorException.class, () -> cluster.create(replicated), "two replicas");
  }

  private void create_partitions() throws Exception {
    cluster.admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all().get();
    int[] found = {0};
    Checks.until(
        "there are three partitions",
        () -> found[0] == 3,
        () ->
            found[0] =
                Compat.describe(cluster.admin, List.of(topic)).get(topic).partitions().size());
  }

  private void describe_configs() throws Exception {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    Config config = cluster.admin.describeConfigs(List.of(resource)).all().get().get(resource);
    Checks.same("4711", config.get("retention.ms").value(), "retention.ms");
    Checks.expect(!config.get("retention.ms").isDefault(), "retention.ms counts as a default");
    Checks.same("delete", config.get("cleanup.policy").value(), "cleanup.policy");
    Checks.expect(config.get("cleanup.policy").isDefault(), "cleanup.policy is no default");
  }

  private void delete_records() throws Exception {
    TopicPartition source = new TopicPartition(topic, 2);
    cluster.produce(topic, 2, Cluster.numbered(0, 10));
    Map<TopicPartition, RecordsToDelete> wanted = Map.of(source, RecordsToDelete.beforeOffset(4));
    var done = cluster.admin.deleteRecords(wanted).lowWatermarks().get(source).get();
    Checks.same(4L, done.lowWatermark(), "the low watermark");
    try (KafkaConsumer<String, String> consumer = cluster.consumer(null)) {
      Checks.same(4L, consumer.beginningOffsets(List.of(source)).get(source), "the beginning");
      Checks.same(10L, consumer.endOffsets(List.of(source)).get(source), "the end");
    }
    Checks.same(List.of(Cluster.numbered(4, 10)), cluster.values(topic, 2, 4), "the rest");
  }

  private void delete_topics() throws Exception {
    cluster.admin.deleteTopics(List.of(topic)).all().get();
    Checks.until("it is not listed", () -> !cluster.listed(topic), () -> {});
    Checks.fails(
        UnknownTopicOrPartitionException.class,
        () -> cluster.admin.deleteTopics(List.of(topic)).all().get(),
        "deleting it again");
  }
}
