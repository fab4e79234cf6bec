// SPDX-License-Identifier: Apache-2.0
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Configurable;
import org.apache.kafka.common.TopicPartition;

/** Gives everything to the member whose subscription data is "all", or to any one if none is. */
public final class WantingAssignor implements ConsumerPartitionAssignor, Configurable {
  static final String SETTING = "wanting";
  static volatile String last_answer = "";

  private String wish = "nothing";

  @Override
  public void configure(Map<String, ?> settings) {
    if (settings.get(SETTING) instanceof String value) wish = value;
  }

  @Override
  public ByteBuffer subscriptionUserData(Set<String> topics) {
    return ByteBuffer.wrap(wish.getBytes(UTF_8));
  }

  @Override
  public GroupAssignment assign(Cluster metadata, GroupSubscription subscriptions) {
    Map<String, Assignment> assignments = new HashMap<>();
    String chosen = null;
    List<TopicPartition> all = new ArrayList<>();
    for (Map.Entry<String, Subscription> member : subscriptions.groupSubscription().entrySet()) {
      boolean wants =
          UTF_8.decode(member.getValue().userData().duplicate()).toString().equals("all");
      if (chosen == null || wants) chosen = member.getKey();
      assignments.put(member.getKey(), new Assignment(List.of()));
      if (!all.isEmpty()) continue;
      for (String topic : member.getValue().topics()) {
        for (int i = 0; i < metadata.partitionCountForTopic(topic); i++) {
          all.add(new TopicPartition(topic, i));
        }
      }
    }
    ByteBuffer answer = ByteBuffer.wrap("you wanted all".getBytes(UTF_8));
    assignments.put(chosen, new Assignment(all, answer));
    return new GroupAssignment(assignments);
  }

  @Override
  public void onAssignment(Assignment assignment, ConsumerGroupMetadata metadata) {
    if (wish.equals("all") && assignment.userData() != null) {
      last_answer = UTF_8.decode(assignment.userData()).toString();
    }
  }

  @Override
  public String name() {
    return "wanting";
  }
}
