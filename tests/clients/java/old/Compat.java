// SPDX-License-Identifier: Apache-2.0
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ConsumerGroupListing;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** The calls that the old client (2.2.2) spells differently from the current one. */
final class Compat {
  static Map<String, TopicDescription> describe(AdminClient admin, Collection<String> topics)
      throws Exception {
    return admin.describeTopics(topics).all().get();
  }

  static long committed(KafkaConsumer<?, ?> consumer, TopicPartition partition) {
    return consumer.committed(partition).offset();
  }

  static String state(ConsumerGroupDescription group) {
    return group.state().name();
  }

  static Set<String> groups(AdminClient admin) throws Exception {
    return admin.listConsumerGroups().all().get().stream()
        .map(ConsumerGroupListing::groupId)
        .collect(Collectors.toSet());
  }
}
