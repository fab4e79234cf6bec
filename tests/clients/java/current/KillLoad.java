// SPDX-License-Identifier: Apache-2.0
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/**
 * Idempotent load while the server is killed and restarted, and while the topic grows; afterwards
 * each partition holds 0, 1, 2 … exactly.
 */
final class KillLoad {
  private static final int PARTITIONS = 3; // at first
  private static final int MOST_PARTITIONS = 100;
  private static final int STRIDE = 3_000; // acknowledged records from one PROGRESS to the next
  private static final int IN_FLIGHT = 2_000;

  private final Cluster cluster;
  private final String topic;
  private final long rate; // the most records in a second; 0: any number
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong next_progress = new AtomicLong(STRIDE);
  private final AtomicReference<Exception> problem = new AtomicReference<>();
  private final TopicPartition source;
  private final KillReader reader;
  private String before = "";
  private volatile boolean finish = false;

  KillLoad(Cluster cluster, String prefix, long rate) {
    this.cluster = cluster;
    this.topic = prefix;
    this.rate = rate;
    this.source = new TopicPartition(topic, 0);
    this.reader = new KillReader(cluster, topic);
  }

  void run() {
    Checks checks = new Checks("kill.");
    long[] sent = new long[MOST_PARTITIONS];
    if (!checks.check("load", () -> load(sent))) return;
    checks.check("a group reads and commits on", () -> reader.finish(LongStream.of(sent).sum()));
    checks.check(
        "topics, configs and offsets stay", () -> Checks.same(before, state(), "the state"));
    for (int i = 0; i < MOST_PARTITIONS && sent[i] > 0; i++) {
      int partition = i;
      checks.check(
          "nothing lost, doubled or reordered in partition " + i,
          () -> compare(partition, sent[partition]));
    }
  }

  private void load(long[] sent) throws Exception {
    Map<String, String> configs = Map.of("retention.ms", "86400000");
    cluster.create(
        new NewTopic(topic, Optional.of(PARTITIONS), Optional.empty()).configs(configs));
    OffsetAndMetadata offset = new OffsetAndMetadata(42, Optional.of(0), "as it was");
    cluster.admin.alterConsumerGroupOffsets(topic, Map.of(source, offset)).all().get();
    before = state();
    reader.start();
    Thread listener = new Thread(this::listen);
    listener.setDaemon(true);
    listener.start();
    Semaphore slots = new Semaphore(IN_FLIGHT);
    try (KafkaProducer<String, String> producer =
        cluster.producer(
            "enable.idempotence",
            "true",
            "acks",
            "all",
            "batch.size",
            "2048",
            "delivery.timeout.ms",
            "120000",
            "reconnect.backoff.max.ms",
            "200",
            "metadata.max.age.ms",
            "1000")) {
      int partitions = PARTITIONS;
      long started = System.nanoTime();
      for (long i = 0; !finish && problem.get() == null; i++) {
        while (rate > 0 && i > (System.nanoTime() - started) * 1e-9 * rate) Thread.sleep(1);
        int partition = (int) (i % partitions);
        if (partition == 0) partitions = producer.partitionsFor(topic).size();
        slots.acquire();
        producer.send(
            new ProducerRecord<>(topic, partition, null, Long.toString(sent[partition]++)),
            (metadata, failure) -> {
              slots.release();
              if (failure != null) problem.compareAndSet(null, failure);
              if (failure == null) count();
            });
      }
      producer.flush();
    }
    if (problem.get() != null) throw problem.get();
  }

  /** What must be the same after all restarts, in words. */
  private String state() throws Exception {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    var configs = cluster.admin.describeConfigs(List.of(resource)).all().get().get(resource);
    var offsets = cluster.admin.listConsumerGroupOffsets(topic).partitionsToOffsetAndMetadata();
    return Compat.describe(cluster.admin, List.of(topic)).get(topic).topicId()
        + " "
        + configs.get("retention.ms").value()
        + " "
        + offsets.get();
  }

  private void count() {
    if (acknowledged.incrementAndGet() == next_progress.get()) Checks.report("PROGRESS");
  }

  /** `restarted` asks for the next PROGRESS; `finish` ends the load. */
  private void listen() {
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in))) {
      for (String line = lines.readLine();
          line != null && !line.equals("finish");
          line = lines.readLine()) {
        next_progress.set(acknowledged.get() + STRIDE);
      }
    } catch (Exception failure) {
      problem.compareAndSet(null, failure);
    }
    finish = true;
  }

  private void compare(int partition, long count) throws Exception {
    List<String> values = cluster.values(topic, partition, 0);
    List<String> wanted = new ArrayList<>();
    for (long i = 0; i < count; i++) wanted.add(Long.toString(i));
    for (int i = 0; i < Math.min(values.size(), wanted.size()); i++) {
      Checks.same(wanted.get(i), values.get(i), "the record at " + i);
    }
    Checks.same(wanted.size(), values.size(), "the number of records");
  }
}
