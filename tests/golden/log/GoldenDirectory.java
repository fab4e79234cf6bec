// SPDX-License-Identifier: Apache-2.0
// Fills a fresh Apache Kafka at 127.0.0.1:19092 with what the fixtures of this folder hold.
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.producer.*;
import java.util.*;
public class GoldenDirectory {
  static Properties props(String tid) {
    Properties p = new Properties();
    p.put("bootstrap.servers", "127.0.0.1:19092");
    p.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
    p.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
    if (tid != null) p.put("transactional.id", tid);
    return p;
  }
  public static void main(String[] a) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:19092"))) {
      admin.createTopics(List.of(new NewTopic("orders", 2, (short) 1), new NewTopic("plain", 1, (short)1))).all().get();
      Thread.sleep(1000);
    }
    Properties q = props(null); q.put("enable.idempotence", "false");
    try (KafkaProducer<String,String> p = new KafkaProducer<>(q)) {
      p.send(new ProducerRecord<>("plain", 0, 1000L, "k", "v")).get();
    }
    try (KafkaProducer<String,String> p = new KafkaProducer<>(props(null))) {
      for (int i = 0; i < 7; i++) p.send(new ProducerRecord<>("orders", 0, 1000L + i, "k", "v" + i)).get();
    }
    try (KafkaProducer<String,String> p = new KafkaProducer<>(props("t-1")); KafkaProducer<String,String> r = new KafkaProducer<>(props("t-2"))) {
      p.initTransactions(); r.initTransactions();
      p.beginTransaction(); p.send(new ProducerRecord<>("orders", 0, 2000L, "k", "commit")).get(); p.commitTransaction();
      p.beginTransaction(); p.send(new ProducerRecord<>("orders", 0, 2001L, "k", "abort")).get();
      r.beginTransaction(); r.send(new ProducerRecord<>("orders", 0, 2002L, "k", "other")).get();
      p.abortTransaction(); Thread.sleep(500);
      r.send(new ProducerRecord<>("orders", 0, 2003L, "k", "other2")).get();
      r.abortTransaction(); Thread.sleep(500);
      p.beginTransaction(); p.send(new ProducerRecord<>("orders", 0, 2004L, "k", "open")).get();
      Runtime.getRuntime().halt(0);
    }
  }
}
