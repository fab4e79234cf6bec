// SPDX-License-Identifier: Apache-2.0
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Clients of the server under test; a `settings` argument is key, value, key, value … and
 * overrides.
 */
final class Cluster {
  static final Duration POLL = Duration.ofMillis(100);

  final String bootstrap;
  final AdminClient admin;

  Cluster(String bootstrap) {
    this.bootstrap = bootstrap;
    this.admin = AdminClient.create(properties());
  }

  Properties properties(String... settings) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    for (int i = 0; i < settings.length; i += 2) properties.put(settings[i], settings[i + 1]);
    return properties;
  }

  KafkaProducer<String, String> producer(String... settings) {
    return new KafkaProducer<>(
        properties(settings), new StringSerializer(), new StringSerializer());
  }

  /** A consumer that commits only when told and starts at the beginning. */
  KafkaConsumer<String, String> consumer(String group, String... settings) {
    Properties properties =
        properties("enable.auto.commit", "false", "auto.offset.reset", "earliest");
    if (group != null) properties.put("group.id", group);
    properties.put("heartbeat.interval.ms", "250");
    properties.putAll(properties(settings));
    return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
  }

  void create(String topic, int partitions) throws Exception {
    create(new NewTopic(topic, partitions, (short) 1));
  }

  /** Returns once the server lists the topics, which may be a moment after it has created them. */
  void create(NewTopic... topics) throws Exception {
    admin.createTopics(Arrays.asList(topics)).all().get();
    for (NewTopic topic : topics)
      Checks.until(topic.name() + " is listed", () -> listed(topic.name()), () -> {});
  }

  boolean listed(String topic) {
    try {
      return admin.listTopics().names().get().contains(topic);
    } catch (Exception failure) {
      throw new AssertionError(failure);
    }
  }

  /** One record at a time, in order, each acknowledged before this returns. */
  void produce(String topic, int partition, String... values) throws Exception {
    try (KafkaProducer<String, String> producer = producer()) {
      for (String value : values)
        producer.send(new ProducerRecord<>(topic, partition, null, value));
      producer.flush();
    }
  }

  /** All values of one partition from the given offset up to its current end. */
  List<String> values(String topic, int partition, long from) throws Exception {
    TopicPartition source = new TopicPartition(topic, partition);
    List<String> values = new ArrayList<>();
    try (KafkaConsumer<String, String> consumer = consumer(null)) {
      consumer.assign(List.of(source));
      consumer.seek(source, from);
      long end = consumer.endOffsets(List.of(source)).get(source);
      Checks.until(
          source + " read to " + end,
          () -> consumer.position(source) >= end,
          () -> {
            for (ConsumerRecord<String, String> record : consumer.poll(POLL))
              values.add(record.value());
          });
    }
    return values;
  }

  static List<TopicPartition> partitions(String topic, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> new TopicPartition(topic, i))
        .collect(Collectors.toList());
  }

  static String[] numbered(int from, int to) {
    return IntStream.range(from, to).mapToObj(Integer::toString).toArray(String[]::new);
  }
}
