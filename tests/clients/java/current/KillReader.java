// SPDX-License-Identifier: Apache-2.0
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * A member of a group that reads and commits while the server is killed and restarted. What it has
 * committed never comes again, and nothing is left out.
 */
final class KillReader extends Thread {
  private final Cluster cluster;
  private final String topic;
  private final Map<TopicPartition, List<String>> read = new HashMap<>();
  private final Map<TopicPartition, Long> committed = new HashMap<>();
  private String problem = null;
  private boolean stop = false;

  KillReader(Cluster cluster, String topic) {
    this.cluster = cluster;
    this.topic = topic;
    setDaemon(true);
  }

  @Override
  public void run() {
    try (KafkaConsumer<String, String> consumer =
        cluster.consumer(
            topic + "-readers",
            "reconnect.backoff.max.ms",
            "200",
            "metadata.max.age.ms",
            "1000")) {
      consumer.subscribe(List.of(topic));
      while (!stopped()) {
        for (ConsumerRecord<String, String> record : consumer.poll(Cluster.POLL)) add(record);
        commit(consumer);
      }
    } catch (Exception failure) {
      fail("the reader ended: " + failure);
    }
  }

  /** A commit may fail while the server is away; then the same offsets are committed later. */
  private void commit(KafkaConsumer<?, ?> consumer) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    synchronized (this) {
      read.forEach((source, values) -> offsets.put(source, new OffsetAndMetadata(values.size())));
    }
    try {
      consumer.commitSync(offsets);
    } catch (KafkaException failure) {
      return;
    }
    synchronized (this) {
      offsets.forEach((source, offset) -> committed.put(source, offset.offset()));
    }
  }

  private synchronized void add(ConsumerRecord<String, String> record) {
    TopicPartition source = new TopicPartition(record.topic(), record.partition());
    List<String> values = read.computeIfAbsent(source, key -> new ArrayList<>());
    if (record.offset() < committed.getOrDefault(source, 0L)) {
      fail(source + "@" + record.offset() + " came again after it was committed");
    } else if (record.offset() > values.size()) {
      fail(source + "@" + record.offset() + " came after " + values.size() + " records");
    } else if (record.offset() == values.size()) {
      values.add(record.value());
    } else if (!values.get((int) record.offset()).equals(record.value())) {
      fail(source + "@" + record.offset() + " was another record before");
    }
  }

  private synchronized void fail(String why) {
    if (problem == null) problem = why;
  }

  private synchronized boolean stopped() {
    return stop || problem != null;
  }

  private synchronized long count() {
    return read.values().stream().mapToLong(List::size).sum();
  }

  /** Waits until all records sent are read; returns once the member has left. */
  void finish(long sent) throws Exception {
    Checks.until("the reader has all", () -> problem() != null || count() >= sent, () -> sleep(20));
    synchronized (this) {
      stop = true;
    }
    join();
    Checks.expect(problem() == null, problem());
    Checks.same(sent, count(), "records read");
  }

  private synchronized String problem() {
    return problem;
  }
}
