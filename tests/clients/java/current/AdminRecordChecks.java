// SPDX-License-Identifier: Apache-2.0
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.GroupSubscribedToTopicException;
import org.apache.kafka.common.errors.UnknownMemberIdException;

/** The admin calls about records, offsets, producers and groups. */
final class AdminRecordChecks {
  private final Cluster cluster;
  private final String prefix;

  AdminRecordChecks(Cluster cluster, String prefix) {
    this.cluster = cluster;
    this.prefix = prefix;
  }

  void run() {
    Checks checks = new Checks("admin.");
    checks.check("listOffsets, every kind", this::list_offsets);
    checks.check("deleteRecords", this::delete_records);
    checks.check("describeProducers", this::describe_producers);
    checks.check("listGroups and its filters", this::list_groups);
    checks.check("describeConsumerGroups", this::describe_groups);
    checks.check("listConsumerGroupOffsets of several groups", this::list_group_offsets);
    checks.check("deleteConsumerGroupOffsets", this::delete_offsets);
    checks.check("deleteConsumerGroups", this::delete_groups);
    checks.check("removeMembersFromConsumerGroup", this::remove_members);
  }

  private String topic(String name, int partitions) throws Exception {
    String topic = prefix + "-" + name;
    cluster.create(topic, partitions);
    return topic;
  }

  private ListOffsetsResult.ListOffsetsResultInfo offset(TopicPartition source, OffsetSpec spec)
      throws Exception {
    return cluster.admin.listOffsets(Map.of(source, spec)).partitionResult(source).get();
  }

  private void list_offsets() throws Exception {
    TopicPartition source = new TopicPartition(topic("offsets", 1), 0);
    Checks.same(
        -1L, offset(source, OffsetSpec.maxTimestamp()).offset(), "max timestamp of nothing");
    long now = System.currentTimeMillis();
    long[] times = {now - 5000, now - 4000, now - 1000, now - 3000, now - 2000};
    try (KafkaProducer<String, String> producer = cluster.producer()) {
      for (long time : times) {
        producer.send(new ProducerRecord<>(source.topic(), 0, time, null, "x")).get();
      }
    }
    Checks.same(0L, offset(source, OffsetSpec.earliest()).offset(), "earliest");
    Checks.same(5L, offset(source, OffsetSpec.latest()).offset(), "latest");
    Checks.same(0L, offset(source, OffsetSpec.earliestLocal()).offset(), "earliest local");
    Checks.same(-1L, offset(source, OffsetSpec.latestTiered()).offset(), "latest tiered");
    var newest = offset(source, OffsetSpec.maxTimestamp());
    Checks.same(2L, newest.offset(), "max timestamp");
    Checks.same(now - 1000, newest.timestamp(), "the timestamp of max timestamp");
    var since = offset(source, OffsetSpec.forTimestamp(now - 4500));
    Checks.same(1L, since.offset(), "the first offset from a time on");
    Checks.same(now - 4000, since.timestamp(), "its timestamp");
    Checks.same(2L, offset(source, OffsetSpec.forTimestamp(now - 3500)).offset(), "between them");
    Checks.same(-1L, offset(source, OffsetSpec.forTimestamp(now)).offset(), "from after all on");
  }

  private void delete_records() throws Exception {
    TopicPartition source = new TopicPartition(topic("purged", 1), 0);
    cluster.produce(source.topic(), 0, Cluster.numbered(0, 10));
    Checks.same(3L, delete(source, 3), "the low watermark");
    Checks.same(3L, offset(source, OffsetSpec.earliest()).offset(), "earliest");
    Checks.same(List.of(Cluster.numbered(3, 10)), cluster.values(source.topic(), 0, 3), "the rest");
    Checks.same(3L, delete(source, 1), "the low watermark when asked to go back");
    Checks.fails(
        org.apache.kafka.common.errors.OffsetOutOfRangeException.class,
        () -> delete(source, 11),
        "deleting beyond the end");
    try (KafkaConsumer<String, String> consumer =
        cluster.consumer(null, "auto.offset.reset", "none")) {
      consumer.assign(List.of(source));
      consumer.seek(source, 0);
      Checks.fails(
          OffsetOutOfRangeException.class,
          () -> Checks.until("an error comes", () -> false, () -> consumer.poll(Cluster.POLL)),
          "reading what is deleted");
    }
    Checks.same(10L, delete(source, -1), "the low watermark after deleting all");
    cluster.produce(source.topic(), 0, "new");
    Checks.same(List.of("new"), cluster.values(source.topic(), 0, 10), "what comes after");
  }

  private long delete(TopicPartition source, long before) throws Exception {
    RecordsToDelete records = RecordsToDelete.beforeOffset(before);
    return cluster
        .admin
        .deleteRecords(Map.of(source, records))
        .lowWatermarks()
        .get(source)
        .get()
        .lowWatermark();
  }

  private void describe_producers() throws Exception {
    TopicPartition source = new TopicPartition(topic("producers", 1), 0);
    Checks.same(List.of(), producers(source), "producers before any");
    try (KafkaProducer<String, String> producer = cluster.producer("enable.idempotence", "true")) {
      for (int i = 0; i < 7; i++)
        producer.send(new ProducerRecord<>(source.topic(), 0, null, "x")).get();
    }
    List<ProducerState> found = producers(source);
    Checks.same(1, found.size(), "the number of producers");
    Checks.expect(found.get(0).producerId() >= 0, "producer id " + found.get(0).producerId());
    Checks.same(0, found.get(0).producerEpoch(), "the producer epoch");
    Checks.same(6, found.get(0).lastSequence(), "the last sequence");
    Checks.expect(found.get(0).currentTransactionStartOffset().isEmpty(), "a transaction is open");
    try (KafkaProducer<String, String> second = cluster.producer("enable.idempotence", "true")) {
      second.send(new ProducerRecord<>(source.topic(), 0, null, "x")).get();
    }
    Set<Long> ids =
        producers(source).stream().map(ProducerState::producerId).collect(Collectors.toSet());
    Checks.same(2, ids.size(), "the number of producer ids");
  }

  private List<ProducerState> producers(TopicPartition source) throws Exception {
    return cluster
        .admin
        .describeProducers(List.of(source))
        .partitionResult(source)
        .get()
        .activeProducers();
  }

  /** A group with one committed offset and no member. */
  private String empty_group(String name, TopicPartition... sources) throws Exception {
    String group = prefix + "-" + name;
    Map<TopicPartition, OffsetAndMetadata> offsets =
        List.of(sources).stream().collect(Collectors.toMap(s -> s, s -> new OffsetAndMetadata(1)));
    cluster.admin.alterConsumerGroupOffsets(group, offsets).all().get();
    return group;
  }

  /** A consumer that has joined the group of this name. */
  private KafkaConsumer<String, String> joined(String group, String topic, String... settings)
      throws Exception {
    KafkaConsumer<String, String> consumer = cluster.consumer(group, settings);
    consumer.subscribe(List.of(topic));
    Checks.until(
        "joined", () -> !consumer.assignment().isEmpty(), () -> consumer.poll(Cluster.POLL));
    return consumer;
  }

  private void list_groups() throws Exception {
    String topic = topic("listed", 1);
    String empty = empty_group("listed-empty", new TopicPartition(topic, 0));
    try (KafkaConsumer<String, String> member = joined(prefix + "-listed-stable", topic)) {
      String stable = member.groupMetadata().groupId();
      ListGroupsOptions options = new ListGroupsOptions();
      Checks.same(Set.of(empty, stable), listed(options), "all groups");
      options = new ListGroupsOptions().inGroupStates(Set.of(GroupState.STABLE));
      Checks.same(Set.of(stable), listed(options), "stable groups");
      options = new ListGroupsOptions().inGroupStates(Set.of(GroupState.EMPTY));
      Checks.same(Set.of(empty), listed(options), "empty groups");
      options = new ListGroupsOptions().withTypes(Set.of(GroupType.CLASSIC));
      Checks.same(Set.of(empty, stable), listed(options), "classic groups");
      options = new ListGroupsOptions().withTypes(Set.of(GroupType.SHARE));
      Checks.same(Set.of(), listed(options), "share groups");
    }
  }

  private Set<String> listed(ListGroupsOptions options) throws Exception {
    return cluster.admin.listGroups(options).all().get().stream()
        .map(GroupListing::groupId)
        .filter(group -> group.startsWith(prefix + "-listed"))
        .collect(Collectors.toSet());
  }

  private void describe_groups() throws Exception {
    String topic = topic("described-group", 2);
    String group = topic;
    try (KafkaConsumer<String, String> member = joined(group, topic, "client.id", "somebody")) {
      ConsumerGroupDescription found = describe(group);
      Checks.same(GroupState.STABLE, found.groupState(), "the state");
      Checks.same(GroupType.CLASSIC, found.type(), "the type");
      Checks.same("range", found.partitionAssignor(), "the assignor");
      var described = found.members().iterator().next();
      Checks.same("somebody", described.clientId(), "the client id");
      Checks.same("/127.0.0.1", described.host(), "the host");
      Checks.same(member.groupMetadata().memberId(), described.consumerId(), "the member id");
      Checks.same(member.assignment(), described.assignment().topicPartitions(), "the assignment");
      Checks.expect(found.coordinator().id() >= 0, "the coordinator is " + found.coordinator());
      member.commitSync(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(0)));
    }
    Checks.same(GroupState.EMPTY, describe(group).groupState(), "the state without members");
    Checks.fails(
        GroupIdNotFoundException.class, () -> describe(prefix + "-nobody"), "a group that is not");
  }

  private ConsumerGroupDescription describe(String group) throws Exception {
    return cluster.admin.describeConsumerGroups(List.of(group)).all().get().get(group);
  }

  private void list_group_offsets() throws Exception {
    String topic = topic("several", 2);
    TopicPartition first = new TopicPartition(topic, 0);
    TopicPartition second = new TopicPartition(topic, 1);
    String one = empty_group("several-one", first);
    String two = empty_group("several-two", first, second);
    var spec = new ListConsumerGroupOffsetsSpec();
    var found = cluster.admin.listConsumerGroupOffsets(Map.of(one, spec, two, spec)).all().get();
    Checks.same(Set.of(first), found.get(one).keySet(), "offsets of the first group");
    Checks.same(Set.of(first, second), found.get(two).keySet(), "offsets of the second group");
    var some = new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(second));
    found = cluster.admin.listConsumerGroupOffsets(Map.of(one, some, two, some)).all().get();
    Checks.expect(found.get(one).get(second) == null, "an offset that was never committed");
    Checks.same(new OffsetAndMetadata(1), found.get(two).get(second), "the offset asked for");
  }

  private void delete_offsets() throws Exception {
    String topic = topic("forgotten", 2);
    TopicPartition first = new TopicPartition(topic, 0);
    TopicPartition second = new TopicPartition(topic, 1);
    String group = empty_group("forgotten", first, second);
    cluster.admin.deleteConsumerGroupOffsets(group, Set.of(first)).all().get();
    var left = cluster.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    Checks.same(Set.of(second), left.keySet(), "the offsets that are left");
    try (KafkaConsumer<String, String> member = joined(group, topic)) {
      Checks.fails(
          GroupSubscribedToTopicException.class,
          () -> cluster.admin.deleteConsumerGroupOffsets(group, Set.of(second)).all().get(),
          "deleting offsets that are in use");
    }
    Checks.fails(
        GroupIdNotFoundException.class,
        () ->
            cluster
                .admin
                .deleteConsumerGroupOffsets(prefix + "-nobody", Set.of(second))
                .all()
                .get(),
        "deleting offsets of a group that is not");
  }

  private void delete_groups() throws Exception {
    String topic = topic("dissolved", 1);
    String group = topic;
    try (KafkaConsumer<String, String> member = joined(group, topic)) {
      member.commitSync(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(0)));
      Checks.fails(
          GroupNotEmptyException.class, () -> dissolve(group), "deleting a group with members");
      Checks.fails(
          UnknownMemberIdException.class,
          () -> empty_group("dissolved", new TopicPartition(topic, 0)),
          "altering the offsets of a group with members");
    }
    dissolve(group);
    Checks.fails(GroupIdNotFoundException.class, () -> dissolve(group), "deleting it again");
    var left = cluster.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    Checks.same(Map.of(), left, "offsets of the deleted group");
  }

  private void dissolve(String group) throws Exception {
    cluster.admin.deleteConsumerGroups(List.of(group)).all().get();
  }

  private void remove_members() throws Exception {
    String topic = topic("removed", 1);
    try (KafkaConsumer<String, String> member = joined(topic, topic, "group.instance.id", "it")) {
      var it = new RemoveMembersFromConsumerGroupOptions(Set.of(new MemberToRemove("it")));
      cluster.admin.removeMembersFromConsumerGroup(topic, it).all().get();
      Checks.same(0, describe(topic).members().size(), "members left");
      var again = cluster.admin.removeMembersFromConsumerGroup(topic, it);
      Checks.fails(UnknownMemberIdException.class, () -> again.all().get(), "removing it again");
    }
  }
}
