// SPDX-License-Identifier: Apache-2.0

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.types.Password;

/**
 * Prints the facts of every setting that the published jars define, one a line, tabs between:
 * scope, name, type, default, rule, importance, whether it is internal, update mode, and the broker
 * keys that it stands for or falls back to, the finest first.
 */
public class PublishedSettings {
  private static final String NO_DEFAULT = "<none>";
  private static final String NULL = "<null>";
  private static Map<String, String> updateModes;

  public static void main(String[] arguments) throws Exception {
    updateModes = modes();
    print("broker", "server.config.AbstractKafkaConfig", "CONFIG_DEF");
    print("broker-dynamic", "server.config.QuotaConfig", "brokerQuotaConfigs");
    print("topic", "storage.internals.log.LogConfig", "CONFIG");
    print("group", "coordinator.group.GroupConfig", "CONFIG_DEF");
    print("client-metrics", "server.metrics.ClientMetricsConfigs", "configDef");
    print("user-or-client", "server.config.QuotaConfig", "userAndClientQuotaConfigs");
    print("ip", "server.config.QuotaConfig", "ipConfigs");
  }

  private static void print(String scope, String className, String member) throws Exception {
    ConfigDef definition = definition("org.apache.kafka." + className, member);
    for (ConfigDef.ConfigKey key : new TreeMap<>(definition.configKeys()).values()) {
      System.out.println(String.join("\t", scope, key.name, key.type.toString(), defaultOf(key),
          rule(key.validator), key.importance.toString(),
          String.valueOf(key.internalConfig),
          scope.startsWith("broker") ? updateModes.getOrDefault(key.name, "read-only") : "",
          synonyms(scope, key.name)));
    }
  }

  /** As Kafka words it; of a list also whether it may be empty. */
  private static String rule(ConfigDef.Validator validator) throws Exception {
    String text = String.valueOf(validator).replace("\n", " ");
    if (!(validator instanceof ConfigDef.ValidList)) return text;
    Field isEmptyAllowed = field(ConfigDef.ValidList.class, "isEmptyAllowed");
    boolean mayBeEmpty = (boolean) isEmptyAllowed.get(validator);
    return "distinct " + (mayBeEmpty ? "" : "non-empty ") + text;
  }

  private static String defaultOf(ConfigDef.ConfigKey key) {
    Object value = key.defaultValue;
    if (value == ConfigDef.NO_DEFAULT_VALUE) return NO_DEFAULT;
    if (value == null) return NULL;
    if (value instanceof Password) return ((Password) value).value();
    return ConfigDef.convertToString(value, key.type);
  }

  @SuppressWarnings("unchecked")
  private static String synonyms(String scope, String name) throws Exception {
    if (scope.equals("broker")) {
      Class<?> type = Class.forName("org.apache.kafka.server.config.DynamicBrokerConfig");
      Method method = type.getDeclaredMethod("brokerConfigSynonyms", String.class, boolean.class);
      return String.join(",", (Collection<String>) method.invoke(null, name, true));
    }
    if (scope.equals("topic")) {
      Class<?> type = Class.forName("org.apache.kafka.server.config.ServerTopicConfigSynonyms");
      Map<String, Collection<?>> all =
          (Map<String, Collection<?>>) field(type, "ALL_TOPIC_CONFIG_SYNONYMS").get(null);
      return all.getOrDefault(name, List.of()).stream().map(PublishedSettings::nameOf)
          .collect(Collectors.joining(","));
    }
    if (scope.equals("group")) {
      Class<?> type = Class.forName("org.apache.kafka.coordinator.group.GroupConfig");
      Map<String, Optional<String>> all =
          (Map<String, Optional<String>>) field(type, "ALL_GROUP_CONFIG_SYNONYMS").get(null);
      return all.getOrDefault(name, Optional.empty()).orElse("");
    }
    return "";
  }

  private static String nameOf(Object synonym) {
    try {
      return (String) synonym.getClass().getMethod("name").invoke(synonym);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  @SuppressWarnings("unchecked")
  private static Map<String, String> modes() throws Exception {
    Class<?> type = Class.forName("org.apache.kafka.server.config.DynamicBrokerConfig");
    return (Map<String, String>) type.getMethod("dynamicConfigUpdateModes").invoke(null);
  }

  private static Field field(Class<?> type, String name) throws Exception {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  /** Of a static field or of a static method. */
  private static ConfigDef definition(String className, String member) throws Exception {
    Class<?> type = Class.forName(className);
    try {
      return (ConfigDef) field(type, member).get(null);
    } catch (NoSuchFieldException e) {
      Method method = type.getDeclaredMethod(member);
      method.setAccessible(true);
      return (ConfigDef) method.invoke(null);
    }
  }
}
