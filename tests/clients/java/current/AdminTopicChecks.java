// SPDX-License-Identifier: Apache-2.0
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** The admin calls about the cluster, topics and their configuration, and what bad ones get. */
final class AdminTopicChecks {
  private final Cluster cluster;
  private final String prefix;
  private int node;

  AdminTopicChecks(Cluster cluster, String prefix) {
    this.cluster = cluster;
    this.prefix = prefix;
  }

  void run() {
    Checks checks = new Checks("admin.");
    if (!checks.check("describeCluster", this::describe_cluster)) return;
    checks.check("describeFeatures", this::describe_features);
    checks.check("createTopics with an assignment", this::create_assigned);
    checks.check("createTopics with configs", this::create_configured);
    checks.check("createTopics with the server's defaults", this::create_defaults);
    checks.check("createTopics, validate only", this::create_validated);
    checks.check("createTopics, some good and some not", this::create_some);
    checks.check("createTopics refuses bad names", this::refused_names);
    checks.check("createTopics refuses bad counts and assignments", this::refused_counts);
    checks.check("createTopics refuses bad configs", this::refused_configs);
    checks.check("createPartitions", this::create_partitions);
    checks.check("createPartitions refuses", this::refused_partitions);
    checks.check("describeTopics page by page", this::describe_pages);
    checks.check("describeTopics by id", this::describe_by_id);
    checks.check("describeConfigs of a topic", this::topic_configs);
    checks.check("describeConfigs of the broker", this::broker_configs);
    checks.check("deleteTopics by name and by id", this::delete_topics);
  }

  private String name(String name) {
    return prefix + "-" + name;
  }

  private static NewTopic plain(String name) {
    return new NewTopic(name, 1, (short) 1);
  }

  private void describe_cluster() throws Exception {
    var description = cluster.admin.describeCluster();
    Checks.same(1, description.nodes().get().size(), "the number of nodes");
    node = description.nodes().get().iterator().next().id();
    Checks.same(node, description.controller().get().id(), "the controller");
    Checks.same(22, description.clusterId().get().length(), "the length of the cluster id");
    String address =
        description.controller().get().host() + ":" + description.controller().get().port();
    Checks.same(cluster.bootstrap, address, "the advertised address");
  }

  private void describe_features() throws Exception {
    var features = cluster.admin.describeFeatures().featureMetadata().get();
    var finalized = features.finalizedFeatures().get("metadata.version");
    Checks.expect(finalized != null, "metadata.version is not finalized");
    Checks.same((short) 30, finalized.maxVersionLevel(), "metadata.version");
    Checks.expect(features.finalizedFeaturesEpoch().isPresent(), "no epoch of the features");
  }

  private void create_assigned() throws Exception {
    cluster.create(new NewTopic(name("assigned"), Map.of(0, List.of(node), 1, List.of(node))));
    TopicDescription description = describe(name("assigned"));
    Checks.same(2, description.partitions().size(), "the partition count");
    for (var partition : description.partitions()) {
      Checks.same(
          List.of(node), partition.replicas().stream().map(r -> r.id()).toList(), "replicas");
      Checks.same(node, partition.leader().id(), "the leader");
    }
  }

  private TopicDescription describe(String topic) throws Exception {
    return Compat.describe(cluster.admin, List.of(topic)).get(topic);
  }

  private void create_configured() throws Exception {
    Map<String, String> wanted =
        Map.of(
            "retention.ms", "12345678", "cleanup.policy", "compact", "max.message.bytes", "5000");
    NewTopic topic = plain(name("configured")).configs(wanted);
    CreateTopicsResult result = cluster.admin.createTopics(List.of(topic));
    for (var setting : wanted.entrySet()) {
      ConfigEntry entry = result.config(topic.name()).get().get(setting.getKey());
      Checks.same(setting.getValue(), entry.value(), "createTopics answers " + setting.getKey());
    }
    Checks.same(1, result.numPartitions(topic.name()).get(), "the partition count answered");
    Checks.same(1, result.replicationFactor(topic.name()).get(), "the replication factor answered");
    Uuid id = result.topicId(topic.name()).get();
    Checks.until("the topic is listed", () -> cluster.listed(topic.name()), () -> {});
    Checks.same(id, describe(topic.name()).topicId(), "the topic id");
  }

  private void create_defaults() throws Exception {
    cluster.create(new NewTopic(name("defaults"), Optional.empty(), Optional.empty()));
    Checks.same(2, describe(name("defaults")).partitions().size(), "num.partitions");
  }

  private void create_validated() throws Exception {
    CreateTopicsOptions validate = new CreateTopicsOptions().validateOnly(true);
    cluster.admin.createTopics(List.of(plain(name("validated"))), validate).all().get();
    Checks.fails(
        InvalidPartitionsException.class,
        () ->
            cluster
                .admin
                .createTopics(List.of(new NewTopic(name("validated"), 0, (short) 1)), validate)
                .all()
                .get(),
        "no partitions, validate only");
    // Something that did happen after it is seen; so it would be seen, had it happened.
    cluster.create(plain(name("after-validated")));
    Checks.expect(!cluster.listed(name("validated")), "a topic was created by validation");
  }

  private void create_some() throws Exception {
    List<NewTopic> topics =
        List.of(plain(name("good-1")), plain("bad name"), plain(name("good-2")));
    Map<String, Class<?>> outcomes = new HashMap<>();
    for (var entry : cluster.admin.createTopics(topics).values().entrySet()) {
      try {
        entry.getValue().get();
      } catch (ExecutionException failure) {
        outcomes.put(entry.getKey(), failure.getCause().getClass());
      }
    }
    Checks.same(Map.of("bad name", InvalidTopicException.class), outcomes, "what was refused");
    for (String good : List.of(name("good-1"), name("good-2"))) {
      Checks.until(good + " is listed", () -> cluster.listed(good), () -> {});
    }
  }

  private void refused(Class<? extends Exception> wanted, NewTopic topic, String what) {
    Checks.fails(wanted, () -> cluster.admin.createTopics(List.of(topic)).all().get(), what);
  }

  private void refused_names() throws Exception {
    for (String bad : List.of("a/b", ".", "..", "a b", "ä", "x".repeat(250))) {
      refused(InvalidTopicException.class, plain(bad), "the name '" + bad + "'");
    }
    cluster.create(plain(name("twice")));
    refused(TopicExistsException.class, plain(name("twice")), "a topic that is there");
    cluster.create(plain(name("col.liding")));
    refused(InvalidTopicException.class, plain(name("col_liding")), "a name that collides");
  }

  private void refused_counts() throws Exception {
    String topic = name("refused");
    refused(InvalidPartitionsException.class, new NewTopic(topic, 0, (short) 1), "no partitions");
    refused(InvalidPartitionsException.class, new NewTopic(topic, -5, (short) 1), "-5 partitions");
    refused(
        InvalidReplicationFactorException.class, new NewTopic(topic, 1, (short) 2), "2 replicas");
    refused(
        InvalidReplicationFactorException.class, new NewTopic(topic, 1, (short) 0), "no replica");
    int stranger = node + 1;
    refused_assignment(Map.of(0, List.of(stranger)), "an unknown node");
    refused_assignment(Map.of(0, List.of(node, node)), "a node twice");
    refused_assignment(Map.of(0, List.of()), "a partition without replicas");
    refused_assignment(Map.of(1, List.of(node)), "a partition 1 without a partition 0");
    Checks.expect(!cluster.listed(topic), "a refused topic was created");
  }

  private void refused_assignment(Map<Integer, List<Integer>> assignment, String what) {
    refused(
        InvalidReplicaAssignmentException.class, new NewTopic(name("refused"), assignment), what);
  }

  private void refused_configs() throws Exception {
    String topic = name("misconfigured");
    Map<String, String> bad =
        Map.of(
            "no.such.config",
            "1",
            "retention.ms",
            "soon",
            "cleanup.policy",
            "burn",
            "segment.bytes",
            "-1",
            "compression.type",
            "rar",
            "min.insync.replicas",
            "0");
    for (var setting : bad.entrySet()) {
      Map<String, String> configs = Map.of(setting.getKey(), setting.getValue());
      refused(
          InvalidConfigurationException.class, plain(topic).configs(configs), configs.toString());
    }
    Checks.expect(!cluster.listed(topic), "a refused topic was created");
  }

  private void create_partitions() throws Exception {
    String topic = name("grown");
    cluster.create(plain(topic));
    cluster.produce(topic, 0, "before");
    CreatePartitionsOptions validate = new CreatePartitionsOptions().validateOnly(true);
    cluster
        .admin
        .createPartitions(Map.of(topic, NewPartitions.increaseTo(9)), validate)
        .all()
        .get();
    cluster.admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all().get();
    partition_count(topic, 3);
    NewPartitions placed = NewPartitions.increaseTo(4, List.of(List.of(node)));
    cluster.admin.createPartitions(Map.of(topic, placed)).all().get();
    partition_count(topic, 4);
    cluster.produce(topic, 3, "after");
    Checks.same(List.of("before"), cluster.values(topic, 0, 0), "partition 0");
    Checks.same(List.of("after"), cluster.values(topic, 3, 0), "partition 3");
  }

  private void partition_count(String topic, int wanted) throws Exception {
    int[] found = {0};
    Checks.until(
        topic + " has " + wanted + " partitions",
        () -> found[0] == wanted,
        () -> found[0] = describe(topic).partitions().size());
  }

  private void refused_partitions() throws Exception {
    String topic = name("not-grown");
    cluster.create(topic, 2);
    for (int count : new int[] {2, 1, 0, -1}) {
      grow(InvalidPartitionsException.class, topic, NewPartitions.increaseTo(count), "to " + count);
    }
    NewPartitions few = NewPartitions.increaseTo(4, List.of(List.of(node)));
    grow(InvalidReplicaAssignmentException.class, topic, few, "one assignment for two partitions");
    NewPartitions stranger = NewPartitions.increaseTo(3, List.of(List.of(node + 1)));
    grow(InvalidReplicaAssignmentException.class, topic, stranger, "an unknown node");
    NewPartitions fine = NewPartitions.increaseTo(3);
    grow(UnknownTopicOrPartitionException.class, name("nowhere"), fine, "an unknown topic");
    Checks.same(2, describe(topic).partitions().size(), "the partition count afterwards");
  }

  private void grow(
      Class<? extends Exception> wanted, String topic, NewPartitions to, String what) {
    Checks.fails(wanted, () -> cluster.admin.createPartitions(Map.of(topic, to)).all().get(), what);
  }

  private void describe_pages() throws Exception {
    List<String> topics = List.of(name("pages-a"), name("pages-b"));
    for (String topic : topics) cluster.create(topic, 7);
    // Five partitions a page: the second page begins in one topic, and the third in the other.
    var described =
        cluster
            .admin
            .describeTopics(topics, new DescribeTopicsOptions().partitionSizeLimitPerResponse(5))
            .allTopicNames()
            .get();
    for (String topic : topics) {
      List<Integer> numbers =
          described.get(topic).partitions().stream().map(p -> p.partition()).toList();
      Checks.same(List.of(0, 1, 2, 3, 4, 5, 6), numbers, topic + ": partitions");
    }
    Checks.fails(
        UnknownTopicOrPartitionException.class,
        () -> describe(name("nowhere")),
        "describing an unknown topic");
  }

  private void describe_by_id() throws Exception {
    cluster.create(plain(name("by-id")));
    Uuid id = describe(name("by-id")).topicId();
    var described =
        cluster.admin.describeTopics(TopicCollection.ofTopicIds(List.of(id))).allTopicIds().get();
    Checks.same(name("by-id"), described.get(id).name(), "the name");
    Checks.fails(
        UnknownTopicIdException.class,
        () ->
            cluster
                .admin
                .describeTopics(TopicCollection.ofTopicIds(List.of(Uuid.randomUuid())))
                .allTopicIds()
                .get(),
        "an unknown id");
  }

  private Config configs(ConfigResource.Type type, String name) throws Exception {
    ConfigResource resource = new ConfigResource(type, name);
    DescribeConfigsOptions options =
        new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
    return cluster.admin.describeConfigs(List.of(resource), options).all().get().get(resource);
  }

  private static void setting(
      Config config, String name, String value, ConfigEntry.ConfigSource source) {
    ConfigEntry entry = config.get(name);
    Checks.expect(entry != null, name + " is not described");
    Checks.same(value, entry.value(), name);
    Checks.same(source, entry.source(), name + ": its source");
  }

  private void topic_configs() throws Exception {
    String topic = name("described");
    cluster.create(plain(topic).configs(Map.of("retention.ms", "4711")));
    Config config = configs(ConfigResource.Type.TOPIC, topic);
    setting(config, "retention.ms", "4711", ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG);
    setting(config, "segment.bytes", "1048576", ConfigEntry.ConfigSource.STATIC_BROKER_CONFIG);
    setting(config, "cleanup.policy", "delete", ConfigEntry.ConfigSource.DEFAULT_CONFIG);
    setting(config, "max.message.bytes", "1048588", ConfigEntry.ConfigSource.DEFAULT_CONFIG);
    ConfigEntry retention = config.get("retention.ms");
    Checks.same(ConfigEntry.ConfigType.LONG, retention.type(), "the type of retention.ms");
    List<String> synonyms =
        config.get("segment.bytes").synonyms().stream()
            .map(s -> s.name() + "=" + s.value())
            .toList();
    List<String> wanted = List.of("log.segment.bytes=1048576", "log.segment.bytes=1073741824");
    Checks.same(wanted, synonyms, "the synonyms of segment.bytes");
    Checks.expect(!retention.documentation().isEmpty(), "retention.ms has no documentation");
    Set<String> names =
        config.entries().stream().map(ConfigEntry::name).collect(Collectors.toSet());
    Set<String> missing = new TreeSet<>(TOPIC_CONFIGS);
    missing.removeAll(names);
    Checks.same(Set.of(), missing, "the topic configs that are not described");
    Checks.fails(
        UnknownTopicOrPartitionException.class,
        () -> configs(ConfigResource.Type.TOPIC, name("nowhere")),
        "the configs of an unknown topic");
  }

  private static final Set<String> TOPIC_CONFIGS =
      Set.of(
          "cleanup.policy",
          "compression.type",
          "delete.retention.ms",
          "file.delete.delay.ms",
          "flush.messages",
          "flush.ms",
          "index.interval.bytes",
          "max.compaction.lag.ms",
          "max.message.bytes",
          "message.timestamp.type",
          "message.timestamp.before.max.ms",
          "message.timestamp.after.max.ms",
          "min.cleanable.dirty.ratio",
          "min.compaction.lag.ms",
          "min.insync.replicas",
          "preallocate",
          "retention.bytes",
          "retention.ms",
          "segment.bytes",
          "segment.index.bytes",
          "segment.jitter.ms",
          "segment.ms",
          "unclean.leader.election.enable");

  private void broker_configs() throws Exception {
    Config config = configs(ConfigResource.Type.BROKER, Integer.toString(node));
    setting(config, "log.segment.bytes", "1048576", ConfigEntry.ConfigSource.STATIC_BROKER_CONFIG);
    setting(config, "num.partitions", "2", ConfigEntry.ConfigSource.STATIC_BROKER_CONFIG);
    setting(config, "log.retention.hours", "168", ConfigEntry.ConfigSource.DEFAULT_CONFIG);
    setting(
        config, "socket.request.max.bytes", "104857600", ConfigEntry.ConfigSource.DEFAULT_CONFIG);
    Checks.expect(config.get("num.partitions").isReadOnly(), "num.partitions is not read-only");
    Checks.expect(!config.get("num.io.threads").isReadOnly(), "num.io.threads is read-only");
  }

  private void delete_topics() throws Exception {
    String by_name = name("deleted-by-name");
    String by_id = name("deleted-by-id");
    String stays = name("not-deleted");
    for (String topic : List.of(by_name, by_id, stays)) {
      cluster.create(plain(topic));
      cluster.produce(topic, 0, "a record");
    }
    Uuid id = describe(by_id).topicId();
    cluster.admin.deleteTopics(TopicCollection.ofTopicNames(List.of(by_name))).all().get();
    cluster.admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get();
    Checks.until(
        "both are gone", () -> !cluster.listed(by_name) && !cluster.listed(by_id), () -> {});
    Checks.same(List.of("a record"), cluster.values(stays, 0, 0), "the topic that stays");
    Checks.fails(
        UnknownTopicOrPartitionException.class,
        () -> cluster.admin.deleteTopics(List.of(by_name)).all().get(),
        "deleting an unknown name");
    Checks.fails(
        UnknownTopicIdException.class,
        () -> cluster.admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get(),
        "deleting an unknown id");
    cluster.create(plain(by_name));
    Checks.same(List.of(), cluster.values(by_name, 0, 0), "a topic that is created again");
  }
}
