// SPDX-License-Identifier: Apache-2.0
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * What every client does: create, produce in every codec, consume as a group, resume, seek,
 * describe, delete.
 */
final class Journey {
  private static final String[] CODECS = {"none", "gzip", "snappy", "lz4", "zstd"};
  private static final int RECORDS = 10_000;
  private static final int PARTITIONS = 2;
  private static final int EXTRA = 100;
  private static final String PADDING = " the quick brown fox jumps over the lazy dog".repeat(2);

  private final Cluster cluster;
  private final Checks checks;
  private final String prefix;
  private final String group;
  private final long first_timestamp = System.currentTimeMillis() - RECORDS;
  private final List<TopicPartition> sources = new ArrayList<>();
  private final List<String> topics = new ArrayList<>();

  Journey(Cluster cluster, String prefix) {
    this.cluster = cluster;
    this.checks = new Checks("journey.");
    this.prefix = prefix;
    this.group = prefix + "-group";
    for (String codec : CODECS) {
      topics.add(topic(codec));
      sources.addAll(Cluster.partitions(topic(codec), PARTITIONS));
    }
  }

  void run() {
    if (!checks.check("create", this::create)) return;
    for (String codec : CODECS) checks.check("produce." + codec, () -> produce(codec));
    checks.check("group_of_two", this::consume_as_group);
    checks.check("resume", this::resume);
    checks.check("seek_by_time", this::seek_by_time);
    checks.check("describe", this::describe);
    checks.check("limits", () -> new Limits(cluster, prefix + "-limits").run());
    checks.check("delete", this::delete);
  }

  private String topic(String codec) {
    return prefix + "." + codec;
  }

  private void create() throws Exception {
    for (String topic : topics) cluster.create(topic, PARTITIONS);
  }

  private void produce(String codec) throws Exception {
    List<Future<RecordMetadata>> replies = new ArrayList<>();
    long[] next = new long[PARTITIONS];
    try (KafkaProducer<String, String> producer =
        cluster.producer("compression.type", codec, "linger.ms", "5", "acks", "all")) {
      for (int i = 0; i < RECORDS; i++) replies.add(producer.send(record(codec, i)));
      producer.flush();
    }
    for (Future<RecordMetadata> reply : replies) {
      RecordMetadata metadata = reply.get();
      Checks.same(next[metadata.partition()]++, metadata.offset(), "the acknowledged offset");
    }
    for (long count : next)
      Checks.expect(count > 0, "a partition got no record: the keys should spread");
  }

  private ProducerRecord<String, String> record(String codec, int i) {
    ProducerRecord<String, String> record =
        new ProducerRecord<>(
            topic(codec), null, first_timestamp + i, "key-" + i % 997, codec + ":" + i + PADDING);
    record.headers().add(new RecordHeader("index", Integer.toString(i).getBytes(UTF_8)));
    record.headers().add(new RecordHeader("nothing", (byte[]) null));
    return record;
  }

  /** What the group has read: each record's place, so that a second delivery is seen. */
  private final class Received {
    final Map<TopicPartition, BitSet> offsets = new HashMap<>();
    final Map<String, BitSet> indices = new HashMap<>();
    final Map<String, Integer> last_of_key = new HashMap<>();
    int count = 0;

    void add(ConsumerRecord<String, String> record) {
      String where = record.topic() + "-" + record.partition() + "@" + record.offset();
      BitSet seen =
          offsets.computeIfAbsent(
              new TopicPartition(record.topic(), record.partition()), k -> new BitSet());
      Checks.expect(!seen.get((int) record.offset()), where + " came twice");
      seen.set((int) record.offset());
      String codec = record.topic().substring(prefix.length() + 1);
      int i = Integer.parseInt(new String(record.headers().lastHeader("index").value(), UTF_8));
      Checks.same(codec + ":" + i + PADDING, record.value(), where + ": the value");
      Checks.same("key-" + i % 997, record.key(), where + ": the key");
      Checks.same(first_timestamp + i, record.timestamp(), where + ": the timestamp");
      Checks.expect(
          record.headers().lastHeader("nothing").value() == null,
          where + ": a null header is not null");
      indices.computeIfAbsent(codec, k -> new BitSet()).set(i);
      Integer before = last_of_key.put(codec + record.key(), i);
      Checks.expect(
          before == null || before < i,
          where + ": " + i + " came after " + before + " of the same key");
      count++;
    }
  }

  private void consume_as_group() throws Exception {
    Received received = new Received();
    try (KafkaConsumer<String, String> one = cluster.consumer(group);
        KafkaConsumer<String, String> two = cluster.consumer(group)) {
      one.subscribe(topics, commit_when_revoked(one));
      Checks.until(
          "the first member has all partitions and records",
          () -> one.assignment().size() == sources.size() && received.count > 0,
          () -> poll(one, received));
      two.subscribe(topics, commit_when_revoked(two));
      Checks.until(
          "both members have a share",
          () -> shared(one, two),
          () -> {
            poll(one, received);
            poll(two, received);
          });
      Checks.until(
          "all records came",
          () -> received.count >= CODECS.length * RECORDS,
          () -> {
            poll(one, received);
            poll(two, received);
          });
      one.commitSync();
      two.commitSync();
      describe_group(2);
    }
    for (String codec : CODECS)
      Checks.same(RECORDS, received.indices.get(codec).cardinality(), codec + " records");
    for (TopicPartition source : sources) {
      try (KafkaConsumer<String, String> reader = cluster.consumer(group)) {
        Checks.same(
            (long) received.offsets.get(source).cardinality(),
            Compat.committed(reader, source),
            source + " committed");
      }
    }
  }

  private boolean shared(KafkaConsumer<?, ?> one, KafkaConsumer<?, ?> two) {
    Set<TopicPartition> all = new HashSet<>(one.assignment());
    all.addAll(two.assignment());
    return !one.assignment().isEmpty()
        && !two.assignment().isEmpty()
        && all.size() == sources.size()
        && one.assignment().size() + two.assignment().size() == sources.size();
  }

  private static void poll(KafkaConsumer<String, String> consumer, Received received) {
    for (ConsumerRecord<String, String> record : consumer.poll(Cluster.POLL)) received.add(record);
  }

  private static ConsumerRebalanceListener commit_when_revoked(KafkaConsumer<?, ?> consumer) {
    return new ConsumerRebalanceListener() {
      @Override
      public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        consumer.commitSync();
      }

      @Override
      public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}
    };
  }

  private void describe_group(int members) throws Exception {
    ConsumerGroupDescription description =
        cluster.admin.describeConsumerGroups(List.of(group)).all().get().get(group);
    Checks.same(members, description.members().size(), "the group's member count");
    Checks.same("STABLE", Compat.state(description), "the group's state");
    int assigned =
        description.members().stream().mapToInt(m -> m.assignment().topicPartitions().size()).sum();
    Checks.same(sources.size(), assigned, "partitions assigned in the description");
  }

  private void resume() throws Exception {
    String[] values = Cluster.numbered(0, EXTRA);
    cluster.produce(topic("none"), 0, values);
    List<String> read = new ArrayList<>();
    try (KafkaConsumer<String, String> consumer = cluster.consumer(group)) {
      consumer.subscribe(topics);
      Checks.until(
          "the new records came",
          () -> read.size() >= EXTRA,
          () -> {
            for (ConsumerRecord<String, String> record : consumer.poll(Cluster.POLL))
              read.add(record.value());
          });
      consumer.commitSync();
    }
    Checks.same(List.of(values), read, "what a new member of the group read");
  }

  private void seek_by_time() throws Exception {
    long wanted = first_timestamp + RECORDS / 2;
    for (String codec : CODECS) {
      Map<TopicPartition, Long> times = new HashMap<>();
      for (TopicPartition source : Cluster.partitions(topic(codec), PARTITIONS))
        times.put(source, wanted);
      try (KafkaConsumer<String, String> consumer = cluster.consumer(null)) {
        consumer.assign(times.keySet());
        Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times);
        for (TopicPartition source : times.keySet())
          seek_and_compare(consumer, source, found.get(source), wanted);
      }
    }
  }

  /**
   * The record found is the first at or after the time: it is itself, and the one before it is not.
   */
  private void seek_and_compare(
      KafkaConsumer<String, String> consumer,
      TopicPartition source,
      OffsetAndTimestamp found,
      long wanted)
      throws Exception {
    consumer.assign(List.of(source));
    consumer.seek(source, found.offset() - 1);
    List<ConsumerRecord<String, String>> records = new ArrayList<>();
    Checks.until(
        source + " gives two records",
        () -> records.size() >= 2,
        () -> consumer.poll(Cluster.POLL).forEach(records::add));
    Checks.expect(
        records.get(0).timestamp() < wanted, source + ": an earlier record has the time already");
    Checks.expect(
        records.get(1).timestamp() >= wanted, source + ": the record found is older than asked");
    Checks.same(found.timestamp(), records.get(1).timestamp(), source + ": the timestamp answered");
  }

  private void describe() throws Exception {
    Compat.describe(cluster.admin, topics)
        .forEach(
            (topic, description) -> {
              Checks.same(PARTITIONS, description.partitions().size(), topic + ": partition count");
              description
                  .partitions()
                  .forEach(
                      partition -> {
                        Checks.expect(partition.leader() != null, topic + ": no leader");
                        Checks.same(1, partition.isr().size(), topic + ": in-sync replicas");
                      });
            });
    Checks.same(1, cluster.admin.describeCluster().nodes().get().size(), "node count");
  }

  /** One topic goes; the others stay, for the check of the files at the end. */
  private void delete() throws Exception {
    cluster.admin.deleteTopics(List.of(topic("none"))).all().get();
    Checks.until("the topic is not listed", () -> !cluster.listed(topic("none")), () -> {});
    Checks.expect(cluster.listed(topic("zstd")), "another topic vanished");
    cluster.admin.deleteConsumerGroups(List.of(group)).all().get();
    Checks.expect(!Compat.groups(cluster.admin).contains(group), "the deleted group is listed");
  }
}
