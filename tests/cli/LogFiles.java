// SPDX-License-Identifier: Apache-2.0
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.quota.*;
import org.apache.kafka.common.serialization.*;

/**
 * Makes an empty Kafka write what log_files/ holds: every codec, transactions, groups of three
 * kinds, quotas, credentials. Argument: the server.
 */
public final class LogFiles {
    private static String server;
    private static long time = 1700000000000L;

    private static Properties settings(String... pairs) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", server);
        for (int i = 0; i < pairs.length; i += 2) settings.put(pairs[i], pairs[i + 1]);
        return settings;
    }

    private static KafkaProducer<byte[], byte[]> producer(String... pairs) {
        Properties settings = settings(pairs);
        settings.putIfAbsent("linger.ms", "200");
        return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static ProducerRecord<byte[], byte[]> record(String topic, String key, String value) {
        return new ProducerRecord<>(topic, 0, time++, bytes(key), bytes(value));
    }

    private static void createTopics(Admin admin) throws Exception {
        Map<String, String> anyTime =
            Map.of("message.timestamp.before.max.ms", "" + Long.MAX_VALUE);
        Map<String, String> stamped = Map.of("message.timestamp.type", "LogAppendTime");
        admin.createTopics(List.of(
            new NewTopic("plain", 1, (short) 1).configs(anyTime),
            new NewTopic("txn", 1, (short) 1).configs(anyTime),
            new NewTopic("stamped", 1, (short) 1).configs(stamped))).all().get();
    }

    private static void produceWith(String codec) {
        String idempotence = codec.equals("zstd") ? "true" : "false";
        try (var producer = producer("compression.type", codec,
                                     "enable.idempotence", idempotence)) {
            for (int i = 0; i < 5; i++) {
                String value = i == 3 ? null : codec + " value \u00fc" + i;
                var record = record("plain", i == 0 ? null : "key" + i, value);
                if (i == 2) {
                    record.headers().add(new RecordHeader("h1", bytes("x")));
                    record.headers().add(new RecordHeader("h2", null));
                }
                producer.send(record);
            }
        }
    }

    private static void produceSingly() {
        try (var producer = producer("batch.size", "0")) {
            for (int i = 0; i < 20; i++) producer.send(record("plain", "k", "single " + i));
            byte[] notText = {(byte) 0xff, 0x41};
            producer.send(new ProducerRecord<>("plain", 0, time++, notText,
                                               new byte[] {0, 0, 0, 7}));
        }
        try (var producer = producer()) {
            for (int i = 0; i < 3; i++) producer.send(record("stamped", null, "s" + i));
        }
    }

    private static void produceInTransactions() {
        // Markers are of now: older records would end up in a segment before theirs.
        time = System.currentTimeMillis();
        try (var producer = producer("transactional.id", "writer")) {
            producer.initTransactions();
            for (int transaction = 0; transaction < 3; transaction++) {
                producer.beginTransaction();
                for (int i = 0; i < 2; i++) {
                    producer.send(record("txn", "t" + transaction, "v" + i));
                }
                producer.flush();
                if (transaction == 1) {
                    producer.abortTransaction();
                } else {
                    producer.commitTransaction();
                }
            }
        }
    }

    private static void consume(String protocol) {
        Properties settings = settings("group.id", "group-" + protocol,
                                       "group.protocol", protocol,
                                       "auto.offset.reset", "earliest");
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(),
                                                new ByteArrayDeserializer())) {
            consumer.subscribe(List.of("plain"));
            int seen = 0;
            while (seen < 10) seen += consumer.poll(Duration.ofSeconds(1)).count();
            consumer.commitSync();
        }
    }

    private static void share(Admin admin) throws Exception {
        var earliest = new AlterConfigOp(new ConfigEntry("share.auto.offset.reset", "earliest"),
                                         AlterConfigOp.OpType.SET);
        var group = new ConfigResource(ConfigResource.Type.GROUP, "sharing");
        admin.incrementalAlterConfigs(Map.of(group, List.of(earliest))).all().get();
        try (var consumer = new KafkaShareConsumer<>(settings("group.id", "sharing"),
                                                     new ByteArrayDeserializer(),
                                                     new ByteArrayDeserializer())) {
            consumer.subscribe(List.of("plain"));
            int seen = 0;
            while (seen < 10) seen += consumer.poll(Duration.ofSeconds(1)).count();
            consumer.commitSync();
        }
    }

    private static void changeMetadata(Admin admin) throws Exception {
        admin.alterClientQuotas(List.of(new ClientQuotaAlteration(
            new ClientQuotaEntity(Map.of("user", "alice")),
            List.of(new ClientQuotaAlteration.Op("producer_byte_rate", 1500.0),
                    new ClientQuotaAlteration.Op("request_percentage", 12.5))))).all().get();
        admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion(
            "alice", new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096),
            bytes("secret"), bytes("salt")))).all().get();
        admin.createPartitions(Map.of("stamped", NewPartitions.increaseTo(2))).all().get();
        admin.createTopics(List.of(new NewTopic("gone", 1, (short) 1))).all().get();
        admin.deleteTopics(List.of("gone")).all().get();
        admin.deleteConsumerGroups(List.of("group-classic")).all().get();
    }

    public static void main(String[] arguments) throws Exception {
        server = arguments[0];
        try (Admin admin = Admin.create(settings())) {
            createTopics(admin);
            for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
                produceWith(codec);
            }
            produceSingly();
            produceInTransactions();
            consume("classic");
            consume("consumer");
            share(admin);
            changeMetadata(admin);
        }
    }
}
