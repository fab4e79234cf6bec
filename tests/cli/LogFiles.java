// SPDX-License-Identifier: Apache-2.0
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;

/** Makes one Kafka write what log_files/ holds: every codec, transactions, groups of three kinds. */
public final class LogFiles {
  static String server;

  static KafkaProducer<byte[], byte[]> producer(String... settings) {
    Properties p = new Properties();
    p.put("bootstrap.servers", server);
    p.put("linger.ms", "200");
    for (int i = 0; i < settings.length; i += 2) p.put(settings[i], settings[i + 1]);
    return new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer());
  }

  static ProducerRecord<byte[], byte[]> record(String topic, String key, String value, long time) {
    return new ProducerRecord<>(topic, 0, time, key == null ? null : key.getBytes(StandardCharsets.UTF_8),
        value == null ? null : value.getBytes(StandardCharsets.UTF_8));
  }

  public static void main(String[] a) throws Exception {
    server = a[0];
    Properties p = new Properties();
    p.put("bootstrap.servers", server);
    long time = 1700000000000L;
    try (Admin admin = Admin.create(p)) {
      NewTopic plain = new NewTopic("plain", 1, (short) 1).configs(Map.of("message.timestamp.before.max.ms", "" + Long.MAX_VALUE));
      admin.createTopics(List.of(plain, new NewTopic("txn", 1, (short) 1),
          new NewTopic("stamped", 1, (short) 1).configs(Map.of("message.timestamp.type", "LogAppendTime")))).all().get();
      for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
        try (var producer = producer("compression.type", codec, "enable.idempotence", codec.equals("zstd") ? "true" : "false")) {
          for (int i = 0; i < 5; i++) {
            var r = record("plain", i == 0 ? null : "key" + i, i == 3 ? null : codec + " value \u00fc" + i, time++);
            if (i == 2) r.headers().add(new RecordHeader("h1", "x".getBytes())).add(new RecordHeader("h2", null));
            producer.send(r);
          }
        }
      }
      try (var producer = producer("compression.type", "none", "batch.size", "0")) {
        for (int i = 0; i < 20; i++) producer.send(record("plain", "k", "single " + i, time++));
        producer.send(new ProducerRecord<>("plain", 0, time++, new byte[] {(byte) 0xff, 0x41}, new byte[] {0, 0, 0, 7}));
      }
      try (var producer = producer("linger.ms", "200")) {
        for (int i = 0; i < 3; i++) producer.send(record("stamped", null, "s" + i, 5L + i));
      }
      try (var producer = producer("transactional.id", "writer")) {
        producer.initTransactions();
        for (int t = 0; t < 3; t++) {
          producer.beginTransaction();
          for (int i = 0; i < 2; i++) producer.send(record("txn", "t" + t, "v" + i, System.currentTimeMillis()));
          producer.flush();
          if (t == 1) producer.abortTransaction(); else producer.commitTransaction();
        }
      }
      for (String protocol : List.of("classic", "consumer")) {
        Properties c = new Properties();
        c.put("bootstrap.servers", server);
        c.put("group.id", "group-" + protocol);
        c.put("group.protocol", protocol);
        c.put("auto.offset.reset", "earliest");
        try (var consumer = new KafkaConsumer<>(c, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
          consumer.subscribe(List.of("plain"));
          int seen = 0;
          while (seen < 10) seen += consumer.poll(Duration.ofSeconds(1)).count();
          consumer.commitSync();
        }
      }
      Properties s = new Properties();
      s.put("bootstrap.servers", server);
      s.put("group.id", "sharing");
      admin.incrementalAlterConfigs(Map.of(new org.apache.kafka.common.config.ConfigResource(
          org.apache.kafka.common.config.ConfigResource.Type.GROUP, "sharing"), List.of(new AlterConfigOp(
          new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET)))).all().get();
      try (var consumer = new KafkaShareConsumer<>(s, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
        consumer.subscribe(List.of("plain"));
        int seen = 0;
        while (seen < 10) seen += consumer.poll(Duration.ofSeconds(1)).count();
        consumer.commitSync();
      }
      admin.alterClientQuotas(List.of(new org.apache.kafka.common.quota.ClientQuotaAlteration(
          new org.apache.kafka.common.quota.ClientQuotaEntity(Map.of("user", "alice")),
          List.of(new org.apache.kafka.common.quota.ClientQuotaAlteration.Op("producer_byte_rate", 1500.0),
              new org.apache.kafka.common.quota.ClientQuotaAlteration.Op("request_percentage", 12.5))))).all().get();
      admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion("alice",
          new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), "secret".getBytes(), "salt".getBytes()))).all().get();
      admin.createPartitions(Map.of("stamped", NewPartitions.increaseTo(2))).all().get();
      admin.createTopics(List.of(new NewTopic("gone", 1, (short) 1))).all().get();
      admin.deleteTopics(List.of("gone")).all().get();
      admin.deleteConsumerGroups(List.of("group-classic")).all().get();
    }
  }
}
