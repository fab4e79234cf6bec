// SPDX-License-Identifier: Apache-2.0
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Null, empty and large keys and values, and headers of the same name. */
final class Limits {
  private static final int LARGE = 900_000; // bytes; a batch may have 1,048,588

  private final Cluster cluster;
  private final String topic;

  Limits(Cluster cluster, String topic) {
    this.cluster = cluster;
    this.topic = topic;
  }

  void run() throws Exception {
    cluster.create(topic, 1);
    List<ProducerRecord<byte[], byte[]>> wanted = records();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            cluster.properties(), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int i = 0; i < wanted.size(); i++)
        Checks.same((long) i, producer.send(wanted.get(i)).get().offset(), "acknowledged");
    }
    List<ConsumerRecord<byte[], byte[]>> found = read(wanted.size());
    for (int i = 0; i < wanted.size(); i++) {
      String name = "offset " + i;
      ProducerRecord<byte[], byte[]> in = wanted.get(i);
      ConsumerRecord<byte[], byte[]> out = found.get(i);
      Checks.expect(Arrays.equals(in.key(), out.key()), name + ": the key differs");
      Checks.expect(Arrays.equals(in.value(), out.value()), name + ": the value differs");
      Checks.same(text(in.headers()), text(out.headers()), name + ": the headers");
    }
  }

  private List<ProducerRecord<byte[], byte[]>> records() {
    byte[] large = new byte[LARGE];
    for (int i = 0; i < LARGE; i++) large[i] = (byte) ((long) i * i % 251);
    ProducerRecord<byte[], byte[]> headers = record(new byte[] {0, -1}, "headers".getBytes());
    headers.headers().add("same", new byte[] {1}).add("same", new byte[] {2});
    headers.headers().add("empty", new byte[0]).add("null", null);
    return List.of(
        record(null, "without key".getBytes()),
        record("without value".getBytes(), null),
        record(new byte[0], new byte[0]),
        headers,
        record("large".getBytes(), large));
  }

  private ProducerRecord<byte[], byte[]> record(byte[] key, byte[] value) {
    return new ProducerRecord<>(topic, key, value);
  }

  private List<ConsumerRecord<byte[], byte[]>> read(int count) throws Exception {
    List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            cluster.properties("auto.offset.reset", "earliest"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(List.of(new TopicPartition(topic, 0)));
      Checks.until(
          count + " records came",
          () -> found.size() >= count,
          () -> consumer.poll(Cluster.POLL).forEach(found::add));
    }
    return found;
  }

  private static String text(Headers headers) {
    StringBuilder text = new StringBuilder();
    headers.forEach(
        header ->
            text.append(header.key() + '=' + Arrays.toString(header.value()) + ' '));
    return text.toString();
  }
}
