// SPDX-License-Identifier: Apache-2.0

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;

/**
 * The generated message classes of one Kafka release, by reflection. A version's Schema says which
 * fields it has; their setters take the values.
 */
public final class KafkaCodec implements Codec {
  private static final String[] PACKAGES = {
    "org.apache.kafka.common.message.", "org.apache.kafka.common.metadata.",
    "org.apache.kafka.coordinator.group.generated.",
    "org.apache.kafka.coordinator.transaction.generated.",
    "org.apache.kafka.coordinator.share.generated.",
    "org.apache.kafka.server.log.remote.metadata.storage.generated.",
  };
  private static final String[] CHARACTERS = {"a", "Z", "0", "-", "_", ".", "ß", "語", "𝄞"};

  private final boolean stableOnly;
  private final Map<String, Class<?>> classes = new HashMap<>();
  private final Map<Class<?>, Map<String, Method>> setters = new HashMap<>();

  /** Without the versions of APIs that the release does not offer by itself, if `stableOnly`. */
  public KafkaCodec(boolean stableOnly) {
    this.stableOnly = stableOnly;
  }

  private Class<?> find(String kind, String name) {
    boolean data = kind.equals("request") || kind.equals("response") || kind.equals("header");
    return classes.computeIfAbsent(name + (data ? "Data" : ""), this::find);
  }

  private Class<?> find(String name) {
    for (String prefix : PACKAGES) {
      try {
        return Class.forName(prefix + name, true, KafkaCodec.class.getClassLoader());
      } catch (ClassNotFoundException absent) {
        // The next package, then.
      }
    }
    return null;
  }

  private ApiMessage create(String kind, String name) throws ReflectiveOperationException {
    return (ApiMessage) find(kind, name).getDeclaredConstructor().newInstance();
  }

  @Override
  public boolean knows(String kind, String name, short version) {
    if (find(kind, name) == null) return false;
    try {
      ApiMessage message = create(kind, name);
      if (version < message.lowestSupportedVersion()) return false;
      if (version > message.highestSupportedVersion()) return false;
      // A version that a release holds back is not yet what it became.
      boolean api = kind.equals("request") || kind.equals("response");
      if (!api || !stableOnly) return true;
      ApiMessageType type = ApiMessageType.fromApiKey(message.apiKey());
      return version <= type.highestSupportedVersion(false);
    } catch (ReflectiveOperationException problem) {
      throw new IllegalStateException(problem);
    }
  }

  @Override
  public byte[] recode(String kind, String name, short version, byte[] bytes) throws Exception {
    ApiMessage message = create(kind, name);
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    message.read(new ByteBufferAccessor(buffer), version);
    if (buffer.hasRemaining()) {
      throw new IllegalStateException(buffer.remaining() + " bytes were not read");
    }
    return encode(message, version);
  }

  @Override
  public byte[] random(String kind, String name, short version, Random random) throws Exception {
    ApiMessage message = create(kind, name);
    fill(message, version, random);
    return encode(message, version);
  }

  private static byte[] encode(Message message, short version) {
    ObjectSerializationCache cache = new ObjectSerializationCache();
    ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
    message.write(new ByteBufferAccessor(buffer), cache, version);
    return buffer.array();
  }

  private void fill(Message message, short version, Random random) throws Exception {
    Schema[] schemas = (Schema[]) message.getClass().getField("SCHEMAS").get(null);
    for (BoundField field : schemas[version].fields()) {
      if (field.def.type instanceof TaggedFields tagged) {
        for (Field def : fields(tagged).values()) {
          if (random.nextInt(4) != 0) fill(message, def, version, random);
        }
      } else {
        fill(message, field.def, version, random);
      }
    }
  }

  /** By reflection, because 3.9 keeps them private. */
  @SuppressWarnings("unchecked")
  private static Map<Integer, Field> fields(TaggedFields tagged) throws Exception {
    java.lang.reflect.Field fields = TaggedFields.class.getDeclaredField("fields");
    fields.setAccessible(true);
    return (Map<Integer, Field>) fields.get(tagged);
  }

  /** The types RECORDS and COMPACT_RECORDS call themselves nullable, too, but are not. */
  private static boolean nullable(Field field) {
    String type = field.type.toString();
    return field.type.isNullable() && (!type.endsWith("RECORDS") || type.contains("NULLABLE"));
  }

  private void fill(Message message, Field field, short version, Random random) throws Exception {
    Method setter = setters(message.getClass()).get(field.name.replace("_", ""));
    Object value = null;
    if (!nullable(field) || random.nextInt(5) != 0) {
      value = value(field, setter.getGenericParameterTypes()[0], version, random);
    }
    try {
      setter.invoke(message, value);
    } catch (InvocationTargetException problem) {
      throw new IllegalStateException(field.name, problem.getCause());
    }
  }

  private Map<String, Method> setters(Class<?> type) {
    return setters.computeIfAbsent(type, key -> {
      Map<String, Method> found = new HashMap<>();
      for (Method method : key.getMethods()) {
        if (method.getName().startsWith("set") && method.getParameterCount() == 1) {
          found.put(method.getName().substring(3).toLowerCase(Locale.ROOT), method);
        }
      }
      return found;
    });
  }

  private Object value(Field field, Type type, short version, Random random) throws Exception {
    if (!field.type.isArray()) return scalar(field.type, (Class<?>) type, version, random);
    Collection<Object> elements = collection(type);
    Class<?> elementClass = elementClass(type);
    for (int left = random.nextInt(4); left > 0; --left) {
      elements.add(scalar(field.type.arrayElementType().get(), elementClass, version, random));
    }
    return elements;
  }

  @SuppressWarnings("unchecked")
  private static Collection<Object> collection(Type type) throws Exception {
    if (type instanceof ParameterizedType) return new ArrayList<>();
    return (Collection<Object>) ((Class<?>) type).getDeclaredConstructor().newInstance();
  }

  private static Class<?> elementClass(Type type) {
    Type list = type instanceof Class<?> own ? own.getGenericSuperclass() : type;
    return (Class<?>) ((ParameterizedType) list).getActualTypeArguments()[0];
  }

  private Object scalar(org.apache.kafka.common.protocol.types.Type type, Class<?> wanted,
      short version, Random random) throws Exception {
    if (wanted == boolean.class) return random.nextBoolean();
    if (wanted == byte.class || wanted == Byte.class) return (byte) number(random, 8);
    if (wanted == short.class || wanted == Short.class) return (short) number(random, 16);
    if (wanted == int.class || wanted == Integer.class) {
      int number = (int) number(random, 32);
      return type.toString().equals("UINT16") ? number & 0xffff : number;
    }
    if (wanted == long.class || wanted == Long.class) return number(random, 64);
    if (wanted == double.class) return number(random, 32) / 7.0;
    if (wanted == String.class) return text(random);
    if (wanted == Uuid.class) return new Uuid(random.nextLong(), random.nextLong());
    if (wanted == byte[].class) return bytes(random, 40);
    if (wanted == ByteBuffer.class) return ByteBuffer.wrap(bytes(random, 40));
    if (wanted.getSimpleName().equals("BaseRecords")) return records(wanted, random);
    Message message = (Message) wanted.getDeclaredConstructor().newInstance();
    fill(message, version, random);
    return message;
  }

  /** At and between the limits of a signed number of so many bits. */
  private static long number(Random random, int bits) {
    long highest = Long.MAX_VALUE >>> (64 - bits);
    long[] edges = {0, 1, -1, highest, -highest - 1};
    if (random.nextInt(3) == 0) return edges[random.nextInt(edges.length)];
    return random.nextLong() >> (64 - bits + random.nextInt(bits));
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    int left = random.nextInt(10) == 0 ? random.nextInt(300) : random.nextInt(12);
    for (; left > 0; --left) text.append(CHARACTERS[random.nextInt(CHARACTERS.length)]);
    return text.toString();
  }

  private static byte[] bytes(Random random, int bound) {
    byte[] bytes = new byte[random.nextInt(bound)];
    random.nextBytes(bytes);
    return bytes;
  }

  /** The package of MemoryRecords differs between the releases; it is BaseRecords' own. */
  private static Object records(Class<?> base, Random random) throws Exception {
    String name = base.getPackageName() + ".MemoryRecords";
    Class<?> type = Class.forName(name, true, KafkaCodec.class.getClassLoader());
    return type.getMethod("readableRecords", ByteBuffer.class)
        .invoke(null, ByteBuffer.wrap(bytes(random, 2000)));
  }
}
