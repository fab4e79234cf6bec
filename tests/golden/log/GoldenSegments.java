// SPDX-License-Identifier: Apache-2.0
// Fills Apache Kafka at 127.0.0.1:19092 with what the fixtures in `segments` hold: with the
// argument "first" a fresh one, then, after a clean stop and a start, with "second". Run by hand,
// once for each version that the fixtures come from (README.md); no test runs it.

import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

public class GoldenSegments {
  private static final String SERVERS = "127.0.0.1:19092";
  private static final String SERIALIZER =
      "org.apache.kafka.common.serialization.StringSerializer";
  private static final long SETTLE_MS = 1000;
  private static final long START = 1_700_000_000_000L;

  public static void main(String[] arguments) throws Exception {
    boolean isFirst = arguments[0].equals("first");
    if (isFirst) createTopics();
    Random random = new Random(isFirst ? 1 : 2);
    try (var producer = producer()) {
      // Batches of many sizes, times that go up and down and stand still.
      for (int i = 0; i < 40; i++) {
        sendBatch(producer, "sparse", START + random.nextInt(1000), 1 + random.nextInt(4), random);
      }
      // An index has room for eight offsets and five times.
      for (int i = 0; i < 40; i++) sendBatch(producer, "full", START + 10L * i, 1, random);
      // A new segment for each 10 s of record time; one record comes from before the first.
      long[] seconds = {0, 3, 10, 11, 9, 12, 22, 23, 22, 40, -5, 41};
      for (long second : seconds) {
        sendBatch(producer, "timed", START + 1000 * second + (isFirst ? 0 : 60_000), 2, random);
      }
    }
  }

  private static void createTopics() throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", SERVERS))) {
      admin.createTopics(List.of(
          topic("sparse", Map.of("index.interval.bytes", "500")),
          topic("full", Map.of("index.interval.bytes", "100", "segment.index.bytes", "72")),
          topic("timed", Map.of("segment.ms", "10000", "index.interval.bytes", "100")),
          topic("empty", Map.of()))).all().get();
      Thread.sleep(SETTLE_MS);
    }
  }

  private static NewTopic topic(String name, Map<String, String> configs) {
    return new NewTopic(name, 1, (short) 1).configs(configs);
  }

  private static KafkaProducer<String, String> producer() {
    Properties properties = new Properties();
    properties.putAll(Map.of("bootstrap.servers", SERVERS, "key.serializer", SERIALIZER,
        "value.serializer", SERIALIZER, "linger.ms", "60000"));
    return new KafkaProducer<>(properties);
  }

  // One batch, one request.
  private static void sendBatch(KafkaProducer<String, String> producer, String topic, long time,
      int records, Random random) throws Exception {
    Future<?> sent = null;
    for (int i = 0; i < records; i++) {
      String value = "v".repeat(random.nextInt(200));
      sent = producer.send(new ProducerRecord<>(topic, 0, time + i, "k" + i, value));
    }
    producer.flush();
    sent.get();
  }
}
