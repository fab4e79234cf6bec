// SPDX-License-Identifier: Apache-2.0
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/**
 * The machine's package database, out through a group of two; the harness compares the digest
 * printed.
 */
final class Packages {
  static void read(Cluster cluster, String topic, String group, int count) {
    new Checks("packages.")
        .check(
            "read",
            () -> {
              // Keys sorted by their bytes: the names are ASCII, for which String's order is the
              // same.
              Map<String, List<String>> values = new TreeMap<>();
              int[] received = {0};
              try (KafkaConsumer<String, String> one = cluster.consumer(group);
                  KafkaConsumer<String, String> two = cluster.consumer(group)) {
                for (KafkaConsumer<String, String> member : List.of(one, two))
                  member.subscribe(List.of(topic));
                Checks.until(
                    "both members have a share",
                    () -> !one.assignment().isEmpty() && !two.assignment().isEmpty(),
                    () -> {
                      join(one);
                      join(two);
                    });
                Checks.until(
                    count + " records came",
                    () -> received[0] >= count,
                    () -> {
                      for (KafkaConsumer<String, String> member : List.of(one, two)) {
                        for (ConsumerRecord<String, String> record : member.poll(Cluster.POLL)) {
                          values
                              .computeIfAbsent(record.key(), key -> new ArrayList<>())
                              .add(record.value());
                          received[0]++;
                        }
                      }
                    });
              }
              Checks.same(count, received[0], "records received");
              Checks.report("DIGEST " + digest(values));
            });
  }

  /** Takes part in the group without taking records: what it has is paused, and stays for later. */
  private static void join(KafkaConsumer<String, String> member) {
    member.poll(Cluster.POLL);
    member.seekToBeginning(member.assignment());
  }

  /**
   * SHA-256 over key length, key, value length, value (lengths: 4 bytes, big-endian), keys in byte
   * order.
   */
  private static String digest(Map<String, List<String>> values) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (Map.Entry<String, List<String>> entry : values.entrySet()) {
      for (String value : entry.getValue()) {
        for (byte[] part : List.of(entry.getKey().getBytes(UTF_8), value.getBytes(UTF_8))) {
          digest.update(ByteBuffer.allocate(4).putInt(part.length).flip());
          digest.update(part);
        }
      }
    }
    StringBuilder text = new StringBuilder();
    for (byte octet : digest.digest()) text.append(String.format("%02x", octet));
    return text.toString();
  }
}
