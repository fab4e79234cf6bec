// SPDX-License-Identifier: Apache-2.0
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InconsistentGroupProtocolException;

/** What a consumer group promises: who gets what, who takes over, and where reading goes on. */
final class GroupChecks {
  private static final String COOPERATIVE =
      "org.apache.kafka.clients.consumer.CooperativeStickyAssignor";
  private static final String STICKY = "org.apache.kafka.clients.consumer.StickyAssignor";
  private static final String ROUND_ROBIN = "org.apache.kafka.clients.consumer.RoundRobinAssignor";
  private static final String STRATEGY = "partition.assignment.strategy";
  private static final String INSTANCE = "group.instance.id";

  private final Cluster cluster;
  private final String prefix;

  GroupChecks(Cluster cluster, String prefix) {
    this.cluster = cluster;
    this.prefix = prefix;
  }

  void run() {
    Checks checks = new Checks("groups.");
    checks.check("more consumers than partitions leaves some idle", this::some_idle);
    checks.check("two groups each get everything", this::publish_subscribe);
    checks.check("one group shares", this::queue);
    checks.check("a member that leaves is replaced", this::replaced);
    checks.check("offsets are reset to any place", this::reset);
    checks.check("a commit keeps its metadata and leader epoch", this::commit_metadata);
    checks.check("a static member comes back to its partitions", this::static_member);
    checks.check("a second holder of an instance id fences the first", this::static_fenced);
    checks.check("cooperative rebalancing keeps what stays", this::cooperative);
    checks.check("the members' assignors decide", this::assignors);
    checks.check("a custom assignor's data reaches the leader and the members", this::custom);
    checks.check("a member without a common assignor is refused", this::inconsistent);
  }

  /** A topic of its own with `each` records 0, 1, 2 … in every partition. */
  private String topic(String name, int partitions, int each) throws Exception {
    String topic = prefix + "-" + name;
    cluster.create(topic, partitions);
    for (int i = 0; i < partitions; i++) cluster.produce(topic, i, Cluster.numbered(0, each));
    return topic;
  }

  /** A member of the group named as the topic, and what it has read: "partition:value". */
  private final class Member implements ConsumerRebalanceListener, AutoCloseable {
    final KafkaConsumer<String, String> consumer;
    final List<String> read = new ArrayList<>();
    final List<TopicPartition> revoked = new ArrayList<>();

    Member(String group, String topic, String... settings) {
      consumer = cluster.consumer(group, settings);
      consumer.subscribe(List.of(topic), this);
    }

    void poll() {
      for (ConsumerRecord<String, String> record : consumer.poll(Cluster.POLL)) {
        read.add(record.partition() + ":" + record.value());
      }
    }

    Set<TopicPartition> assigned() {
      return consumer.assignment();
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      revoked.addAll(partitions);
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}

    @Override
    public void close() {
      consumer.close();
    }
  }

  /** Polls all until the partitions are spread over them in these numbers, in any order. */
  private static void settle(List<Member> members, Integer... sizes) throws Exception {
    List<Integer> wanted = Arrays.stream(sizes).sorted().toList();
    int total = wanted.stream().mapToInt(Integer::intValue).sum();
    Checks.until(
        "assignments of the sizes " + wanted,
        () -> {
          Set<TopicPartition> all = new HashSet<>();
          members.forEach(member -> all.addAll(member.assigned()));
          List<Integer> found =
              members.stream().map(member -> member.assigned().size()).sorted().toList();
          return all.size() == total && found.equals(wanted);
        },
        () -> members.forEach(Member::poll));
  }

  private static void read(List<Member> members, int count) throws Exception {
    Checks.until(
        count + " records came",
        () -> members.stream().mapToInt(member -> member.read.size()).sum() >= count,
        () -> members.forEach(Member::poll));
  }

  private static Set<String> expected(int partitions, int from, int to) {
    Set<String> all = new TreeSet<>();
    for (int i = 0; i < partitions; i++) {
      for (int value = from; value < to; value++) all.add(i + ":" + value);
    }
    return all;
  }

  private void some_idle() throws Exception {
    String topic = topic("idle", 2, 5);
    try (Member one = new Member(topic, topic);
        Member two = new Member(topic, topic);
        Member three = new Member(topic, topic)) {
      List<Member> members = List.of(one, two, three);
      settle(members, 1, 1, 0);
      Set<Integer> described =
          cluster
              .admin
              .describeConsumerGroups(List.of(topic))
              .all()
              .get()
              .get(topic)
              .members()
              .stream()
              .map(member -> member.assignment().topicPartitions().size())
              .collect(Collectors.toSet());
      Checks.same(Set.of(0, 1), described, "the sizes of the described assignments");
    }
  }

  private void publish_subscribe() throws Exception {
    String topic = topic("everything", 3, 100);
    try (Member one = new Member(topic + "-a", topic);
        Member two = new Member(topic + "-b", topic)) {
      for (Member member : List.of(one, two)) {
        read(List.of(member), 300);
        Checks.same(expected(3, 0, 100), new TreeSet<>(member.read), "what one group read");
        Checks.same(300, member.read.size(), "records of one group");
      }
    }
  }

  private void queue() throws Exception {
    String topic = topic("shared", 4, 0);
    try (Member one = new Member(topic, topic);
        Member two = new Member(topic, topic)) {
      settle(List.of(one, two), 2, 2);
      for (int i = 0; i < 4; i++) cluster.produce(topic, i, Cluster.numbered(0, 100));
      read(List.of(one, two), 400);
      Checks.same(200, one.read.size(), "the first member's part");
      Checks.same(200, two.read.size(), "the second member's part");
      Set<String> all = new TreeSet<>(one.read);
      all.addAll(two.read);
      Checks.same(expected(4, 0, 100), all, "what both read");
    }
  }

  private void replaced() throws Exception {
    String topic = topic("replaced", 2, 10);
    try (Member stays = new Member(topic, topic)) {
      try (Member leaves = new Member(topic, topic)) {
        settle(List.of(stays, leaves), 1, 1);
        stays.consumer.commitSync();
        leaves.consumer.commitSync();
      }
      settle(List.of(stays), 2);
      for (int i = 0; i < 2; i++) cluster.produce(topic, i, Cluster.numbered(10, 20));
      Checks.until(
          "both partitions are read on",
          () -> stays.read.containsAll(expected(2, 10, 20)),
          stays::poll);
    }
  }

  private void reset() throws Exception {
    String topic = topic("reset", 1, 50);
    TopicPartition source = new TopicPartition(topic, 0);
    try (Member member = new Member(topic, topic)) {
      read(List.of(member), 50);
      member.consumer.commitSync();
    }
    for (int place : new int[] {0, 25, 49, 10}) {
      Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(source, new OffsetAndMetadata(place));
      cluster.admin.alterConsumerGroupOffsets(topic, offsets).all().get();
      try (Member member = new Member(topic, topic)) {
        read(List.of(member), 50 - place);
        Checks.same("0:" + place, member.read.get(0), "the first record after a reset");
      }
    }
    try (KafkaConsumer<String, String> consumer = cluster.consumer(null)) {
      consumer.assign(List.of(source));
      for (long place : new long[] {7, 0, 49}) {
        consumer.seek(source, place);
        Checks.same(place, first(consumer).offset(), "the first offset after a seek");
      }
      consumer.seekToBeginning(List.of(source));
      Checks.same(0L, first(consumer).offset(), "the first offset after seekToBeginning");
      consumer.seekToEnd(List.of(source));
      Checks.same(50L, consumer.position(source), "the position after seekToEnd");
    }
  }

  private static ConsumerRecord<String, String> first(KafkaConsumer<String, String> consumer)
      throws Exception {
    List<ConsumerRecord<String, String>> records = new ArrayList<>();
    Checks.until(
        "a record comes",
        () -> !records.isEmpty(),
        () -> consumer.poll(Cluster.POLL).forEach(records::add));
    return records.get(0);
  }

  private void commit_metadata() throws Exception {
    String topic = topic("metadata", 1, 5);
    TopicPartition source = new TopicPartition(topic, 0);
    OffsetAndMetadata wanted = new OffsetAndMetadata(3, Optional.of(0), "so far, so good");
    try (KafkaConsumer<String, String> consumer = cluster.consumer(topic)) {
      consumer.assign(List.of(source));
      consumer.commitSync(Map.of(source, wanted));
      Checks.same(wanted, consumer.committed(Set.of(source)).get(source), "committed");
      // With a leader epoch the consumer first asks where that epoch ended (OffsetForLeaderEpoch).
      consumer.seek(source, wanted);
      Checks.same(3L, first(consumer).offset(), "the first offset after a seek with an epoch");
    }
    Map<TopicPartition, OffsetAndMetadata> listed =
        cluster.admin.listConsumerGroupOffsets(topic).partitionsToOffsetAndMetadata().get();
    Checks.same(Map.of(source, wanted), listed, "listConsumerGroupOffsets");
  }

  private void static_member() throws Exception {
    String topic = topic("static", 4, 1);
    try (Member stays = new Member(topic, topic, INSTANCE, "a")) {
      Set<TopicPartition> before;
      try (Member goes = new Member(topic, topic, INSTANCE, "b")) {
        settle(List.of(stays, goes), 2, 2);
        before = Set.copyOf(goes.assigned());
      }
      int generation = stays.consumer.groupMetadata().generationId();
      stays.revoked.clear();
      try (Member back = new Member(topic, topic, INSTANCE, "b")) {
        settle(List.of(stays, back), 2, 2);
        Checks.same(before, back.assigned(), "what the member has when it is back");
        Checks.same(generation, back.consumer.groupMetadata().generationId(), "its generation");
      }
      Checks.same(List.of(), stays.revoked, "what the other member had to give up");
    }
  }

  private void static_fenced() throws Exception {
    String topic = topic("fenced", 1, 1);
    try (Member first = new Member(topic, topic, INSTANCE, "only")) {
      settle(List.of(first), 1);
      try (Member second = new Member(topic, topic, INSTANCE, "only")) {
        settle(List.of(second), 1);
        Checks.fails(
            FencedInstanceIdException.class,
            () -> Checks.until("the first is fenced", () -> false, first::poll),
            "the first holder");
      }
    }
  }

  private void cooperative() throws Exception {
    String topic = topic("cooperative", 4, 10);
    try (Member one = new Member(topic, topic, STRATEGY, COOPERATIVE)) {
      settle(List.of(one), 4);
      one.revoked.clear();
      try (Member two = new Member(topic, topic, STRATEGY, COOPERATIVE)) {
        settle(List.of(one, two), 2, 2);
        Checks.same(two.assigned(), Set.copyOf(one.revoked), "what the first had to give up");
        Checks.same(2, one.revoked.size(), "how often it had to");
      }
      settle(List.of(one), 4);
      Checks.same(2, one.revoked.size(), "partitions given up after the other has left");
    }
  }

  /** The same two members, told apart by their client id, under three assignors. */
  private void assignors() throws Exception {
    Map<String, Set<TopicPartition>> shares = new HashMap<>();
    String topic = topic("assignors", 4, 1);
    String range = "org.apache.kafka.clients.consumer.RangeAssignor";
    for (String strategy : List.of(range, ROUND_ROBIN, STICKY)) {
      String group = topic + strategy.substring(strategy.lastIndexOf('.'));
      try (Member one = new Member(group, topic, STRATEGY, strategy, "client.id", "a");
          Member two = new Member(group, topic, STRATEGY, strategy, "client.id", "b")) {
        settle(List.of(one, two), 2, 2);
        shares.put(strategy, Set.copyOf(one.assigned()));
        String described =
            cluster
                .admin
                .describeConsumerGroups(List.of(group))
                .all()
                .get()
                .get(group)
                .partitionAssignor();
        Checks.expect(strategy.toLowerCase().contains(described), "the assignor is " + described);
      }
    }
    Set<Integer> span = partitions(shares.get(range));
    Checks.expect(span.equals(Set.of(0, 1)) || span.equals(Set.of(2, 3)), "range gave " + span);
    span = partitions(shares.get(ROUND_ROBIN));
    Checks.expect(span.equals(Set.of(0, 2)) || span.equals(Set.of(1, 3)), "round robin " + span);
  }

  private static Set<Integer> partitions(Set<TopicPartition> assigned) {
    return assigned.stream().map(TopicPartition::partition).collect(Collectors.toSet());
  }

  /** All partitions go to the member whose data says so, though it did not come first. */
  private void custom() throws Exception {
    String topic = topic("custom", 3, 1);
    String strategy = WantingAssignor.class.getName();
    try (Member modest = new Member(topic, topic, STRATEGY, strategy)) {
      settle(List.of(modest), 3);
      try (Member wanting =
          new Member(topic, topic, STRATEGY, strategy, WantingAssignor.SETTING, "all")) {
        Checks.until(
            "the member that wants them has all partitions",
            () -> wanting.assigned().size() == 3 && modest.assigned().isEmpty(),
            () -> {
              modest.poll();
              wanting.poll();
            });
        Checks.same("you wanted all", WantingAssignor.last_answer, "the assignment's own data");
      }
    }
  }

  private void inconsistent() throws Exception {
    String topic = topic("inconsistent", 1, 1);
    try (Member one = new Member(topic, topic, STRATEGY, ROUND_ROBIN)) {
      settle(List.of(one), 1);
      try (Member two = new Member(topic, topic, STRATEGY, STICKY)) {
        Checks.fails(
            InconsistentGroupProtocolException.class,
            () -> two.consumer.poll(Duration.ofSeconds(30)),
            "another assignor");
      }
    }
  }
}
