// SPDX-License-Identifier: Apache-2.0
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** The calls that the current client spells differently from the old one. */
final class Compat {
  static Map<String, TopicDescription> describe(AdminClient admin, Collection<String> topics)
      throws Exception {
    return admin.describeTopics(topics).allTopicNames().get();
  }

  static long committed(KafkaConsumer<?, ?> consumer, TopicPartition partition) {
    return consumer.committed(Set.of(partition)).get(partition).offset();
  }

  static String state(ConsumerGroupDescription group) {
    return group.groupState().name();
  }

  static Set<String> groups(AdminClient admin) throws Exception {
    return admin.listGroups().all().get().stream()
        .map(GroupListing::groupId)
        .collect(Collectors.toSet());
  }
}
