// SPDX-License-Identifier: Apache-2.0
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.record.TimestampType;

/** What producing and fetching promise beside the journey. */
final class ProducerChecks {
  private final Cluster cluster;
  private final String prefix;

  ProducerChecks(Cluster cluster, String prefix) {
    this.cluster = cluster;
    this.prefix = prefix;
  }

  void run() {
    Checks checks = new Checks("producer.");
    checks.check("order holds within a partition", this::order);
    for (String acks : List.of("0", "1", "all"))
      checks.check("acks=" + acks, () -> acknowledged(acks));
    checks.check("what acks=1 has acknowledged is there at once", this::seen_at_once);
    checks.check("the round robin partitioner spreads evenly", this::round_robin);
    checks.check("a record beyond max.message.bytes is refused", this::too_large);
    checks.check("a timestamp beyond its bound is refused", this::too_late);
    checks.check("LogAppendTime stamps at the server", this::append_time);
    checks.check("a waiting fetch answers as soon as a record comes", this::long_poll);
    checks.check("fetch bounds are kept, and a big record still comes", this::fetch_bounds);
    checks.check("read_committed reads what is not transactional", this::read_committed);
    checks.check("null and empty keys and values stay apart", this::nulls);
  }

  private String topic(String name, int partitions) throws Exception {
    String topic = prefix + "-" + name;
    cluster.create(topic, partitions);
    return topic;
  }

  /** Many small batches, five requests in flight. */
  private void order() throws Exception {
    String topic = topic("order", 1);
    String[] values = Cluster.numbered(0, 20_000);
    try (KafkaProducer<String, String> producer =
        cluster.producer("batch.size", "256", "max.in.flight.requests.per.connection", "5")) {
      for (String value : values) producer.send(new ProducerRecord<>(topic, value));
      producer.flush();
    }
    Checks.same(List.of(values), cluster.values(topic, 0, 0), "the order");
  }

  private void acknowledged(String acks) throws Exception {
    String topic = topic("acks-" + acks, 1);
    String[] values = Cluster.numbered(0, 500);
    List<Future<RecordMetadata>> replies = new ArrayList<>();
    try (KafkaProducer<String, String> producer =
        cluster.producer(
            "acks", acks, "enable.idempotence", acks.equals("all") ? "true" : "false")) {
      for (String value : values) replies.add(producer.send(new ProducerRecord<>(topic, value)));
    }
    long wanted = acks.equals("0") ? -1 : values.length - 1;
    Checks.same(wanted, replies.get(values.length - 1).get().offset(), "the last offset answered");
    List<String> read = new ArrayList<>();
    Checks.until(
        "all records are there",
        () -> read.size() >= values.length,
        () -> read.addAll(cluster.values(topic, 0, read.size())));
    Checks.same(List.of(values), read, "the records");
  }

  private void seen_at_once() throws Exception {
    TopicPartition source = new TopicPartition(topic("at-once", 1), 0);
    try (KafkaProducer<String, String> producer =
        cluster.producer("acks", "1", "enable.idempotence", "false")) {
      for (long i = 1; i <= 50; i++) {
        producer.send(new ProducerRecord<>(source.topic(), 0, null, "x")).get();
        Map<TopicPartition, OffsetSpec> latest = Map.of(source, OffsetSpec.latest());
        long end = cluster.admin.listOffsets(latest).partitionResult(source).get().offset();
        Checks.same(i, end, "the latest offset after " + i + " records");
      }
      producer.send(new ProducerRecord<>(source.topic(), 0, null, "x")).get();
      Map<TopicPartition, RecordsToDelete> all = Map.of(source, RecordsToDelete.beforeOffset(51));
      var deleted = cluster.admin.deleteRecords(all).lowWatermarks().get(source).get();
      Checks.same(51L, deleted.lowWatermark(), "the low watermark");
    }
  }

  private void round_robin() throws Exception {
    String topic = topic("round-robin", 3);
    String partitioner = "org.apache.kafka.clients.producer.RoundRobinPartitioner";
    try (KafkaProducer<String, String> producer =
        cluster.producer("partitioner.class", partitioner, "linger.ms", "0")) {
      for (int i = 0; i < 300; i++) producer.send(new ProducerRecord<>(topic, "x")).get();
    }
    for (int i = 0; i < 3; i++)
      Checks.same(100, cluster.values(topic, i, 0).size(), "partition " + i);
  }

  private void too_large() throws Exception {
    String topic = prefix + "-too-large";
    cluster.create(new NewTopic(topic, 1, (short) 1).configs(Map.of("max.message.bytes", "1000")));
    try (KafkaProducer<String, String> producer = cluster.producer()) {
      Checks.fails(
          RecordTooLargeException.class,
          () -> producer.send(new ProducerRecord<>(topic, "x".repeat(2000))).get(),
          "2000 bytes");
      producer.send(new ProducerRecord<>(topic, "x".repeat(500))).get();
    }
    Checks.same(1, cluster.values(topic, 0, 0).size(), "records");
  }

  private void too_late() throws Exception {
    String topic = topic("too-late", 1);
    long time = System.currentTimeMillis() + Duration.ofHours(3).toMillis();
    try (KafkaProducer<String, String> producer = cluster.producer()) {
      Checks.fails(
          InvalidTimestampException.class,
          () -> producer.send(new ProducerRecord<>(topic, 0, time, null, "x")).get(),
          "three hours ahead");
    }
    Checks.same(List.of(), cluster.values(topic, 0, 0), "records");
  }

  private void append_time() throws Exception {
    String topic = prefix + "-append-time";
    Map<String, String> configs = Map.of("message.timestamp.type", "LogAppendTime");
    cluster.create(new NewTopic(topic, 1, (short) 1).configs(configs));
    long before = System.currentTimeMillis();
    try (KafkaProducer<String, String> producer = cluster.producer("compression.type", "zstd")) {
      long answered =
          producer.send(new ProducerRecord<>(topic, 0, 1L, null, "x")).get().timestamp();
      Checks.expect(answered >= before, "answered was " + answered);
    }
    ConsumerRecord<String, String> record = first(topic);
    Checks.same(TimestampType.LOG_APPEND_TIME, record.timestampType(), "the type");
    Checks.expect(record.timestamp() >= before, "read was " + record.timestamp());
  }

  private ConsumerRecord<String, String> first(String topic, String... settings) throws Exception {
    try (KafkaConsumer<String, String> consumer = cluster.consumer(null, settings)) {
      TopicPartition source = new TopicPartition(topic, 0);
      consumer.assign(List.of(source));
      consumer.seek(source, 0);
      List<ConsumerRecord<String, String>> records = new ArrayList<>();
      Checks.until(
          "a record comes",
          () -> !records.isEmpty(),
          () -> consumer.poll(Cluster.POLL).forEach(records::add));
      return records.get(0);
    }
  }

  /** The fetch may wait a minute; the record comes after it has begun to wait. */
  private void long_poll() throws Exception {
    String topic = topic("long-poll", 1);
    TopicPartition source = new TopicPartition(topic, 0);
    try (KafkaConsumer<String, String> consumer =
            cluster.consumer(null, "fetch.max.wait.ms", "60000", "request.timeout.ms", "70000");
        KafkaProducer<String, String> producer = cluster.producer()) {
      consumer.assign(List.of(source));
      consumer.seek(source, 0);
      Checks.same(
          0, consumer.poll(Duration.ofMillis(500)).count(), "records in an empty partition");
      producer.send(new ProducerRecord<>(topic, "x")).get();
      long start = System.nanoTime();
      Checks.same(1, consumer.poll(Duration.ofSeconds(50)).count(), "records once one has come");
      long waited_s = (System.nanoTime() - start) / 1_000_000_000;
      Checks.expect(waited_s < 20, "the fetch was answered only after " + waited_s + " s");
      consumer.close(CloseOptions.timeout(Duration.ZERO)); // else it waits for its next fetch
    }
  }

  private void fetch_bounds() throws Exception {
    String topic = topic("bounds", 1);
    String big = "x".repeat(100_000);
    cluster.produce(topic, 0, big, "small");
    Checks.same(big, first(topic, "max.partition.fetch.bytes", "1000").value(), "the big record");
    Checks.same(big, first(topic, "fetch.max.bytes", "1000").value(), "the big record");
    Checks.same(2, cluster.values(topic, 0, 0).size(), "records");
  }

  private void read_committed() throws Exception {
    String topic = topic("read-committed", 1);
    cluster.produce(topic, 0, "x");
    Checks.same("x", first(topic, "isolation.level", "read_committed").value(), "the record");
  }

  private void nulls() throws Exception {
    String topic = topic("nulls", 1);
    try (KafkaProducer<String, String> producer = cluster.producer()) {
      for (String text : new String[] {null, "", "x"}) {
        producer.send(new ProducerRecord<>(topic, 0, text, text)).get();
      }
    }
    List<String> read = cluster.values(topic, 0, 0);
    Checks.same(3, read.size(), "the number of records");
    Checks.expect(read.get(0) == null, "null came back as '" + read.get(0) + "'");
    Checks.same("", read.get(1), "the empty value");
  }
}
