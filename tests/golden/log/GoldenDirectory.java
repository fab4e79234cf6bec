// SPDX-License-Identifier: Apache-2.0
// Fills a fresh Apache Kafka at 127.0.0.1:19092 with what the fixtures of this folder hold. Run by
// hand, once for each version that the fixtures come from (README.md); no test runs it.

import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

public class GoldenDirectory {
  private static final String SERVERS = "127.0.0.1:19092";
  private static final String SERIALIZER =
      "org.apache.kafka.common.serialization.StringSerializer";
  // Topics and transaction markers are written behind the reply.
  private static final long SETTLE_MS = 1000;

  public static void main(String[] arguments) throws Exception {
    createTopics();
    writePlain();
    writeIdempotent();
    writeTransactions();
    // A transaction stays open: nothing may close its producer.
    Runtime.getRuntime().halt(0);
  }

  private static void createTopics() throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", SERVERS))) {
      var topics =
          List.of(new NewTopic("orders", 2, (short) 1), new NewTopic("plain", 1, (short) 1));
      admin.createTopics(topics).all().get();
      Thread.sleep(SETTLE_MS);
    }
  }

  private static void writePlain() throws Exception {
    try (var producer = producer(Map.of("enable.idempotence", "false"))) {
      send(producer, "plain", 1000, "v");
    }
  }

  private static void writeIdempotent() throws Exception {
    try (var producer = producer(Map.of())) {
      for (int i = 0; i < 7; i++) send(producer, "orders", 1000 + i, "v" + i);
    }
  }

  private static void writeTransactions() throws Exception {
    var first = producer(Map.of("transactional.id", "t-1"));
    var second = producer(Map.of("transactional.id", "t-2"));
    first.initTransactions();
    second.initTransactions();
    first.beginTransaction();
    send(first, "orders", 2000, "commit");
    first.commitTransaction();

    first.beginTransaction();
    send(first, "orders", 2001, "abort");
    second.beginTransaction();
    send(second, "orders", 2002, "other");
    first.abortTransaction();
    Thread.sleep(SETTLE_MS);
    send(second, "orders", 2003, "other2");
    second.abortTransaction();
    Thread.sleep(SETTLE_MS);

    first.beginTransaction();
    send(first, "orders", 2004, "open");
  }

  private static KafkaProducer<String, String> producer(Map<String, String> settings) {
    var properties = new Properties();
    properties.put("bootstrap.servers", SERVERS);
    properties.put("key.serializer", SERIALIZER);
    properties.put("value.serializer", SERIALIZER);
    properties.putAll(settings);
    return new KafkaProducer<>(properties);
  }

  private static void send(
      KafkaProducer<String, String> producer, String topic, long timestamp, String value)
      throws Exception {
    producer.send(new ProducerRecord<>(topic, 0, timestamp, "k", value)).get();
  }
}
