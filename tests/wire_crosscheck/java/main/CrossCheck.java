// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Decodes and encodes every message of a file with Kafka's own codecs and compares the bytes; then
 * writes a file of random messages, of the same types and versions, for the other side.
 *
 * <p>Arguments: directory of jars, directory of KafkaCodec.class, seed, input, output.
 */
public final class CrossCheck {
  private static final String[] NEWEST = {
    "kafka-clients-4.4.0.jar", "kafka-metadata-4.4.0.jar", "kafka-group-coordinator-4.4.0.jar",
    "kafka-transaction-coordinator-4.4.0.jar", "kafka-share-coordinator-4.4.0.jar",
    "kafka-storage-4.4.0.jar",
  };
  private static final String[] OLDEST = {"kafka-clients-3.9.1.jar"};
  private static final String[] BOTH = {"slf4j-api-1.7.36.jar", "slf4j-nop-1.7.36.jar"};

  private record Entry(String kind, String name, short version, byte[] bytes) {}

  private final Map<String, Codec> codecs = new LinkedHashMap<>();
  private int passed;
  private int failed;

  private CrossCheck(File jars, File classes) throws Exception {
    codecs.put("4.4.0", load(jars, classes, NEWEST, false));
    codecs.put("3.9.1", load(jars, classes, OLDEST, true));
  }

  private static Codec load(File jars, File classes, String[] names, boolean stableOnly)
      throws Exception {
    List<URL> urls = new ArrayList<>();
    urls.add(classes.toURI().toURL());
    for (String name : names) urls.add(new File(jars, name).toURI().toURL());
    for (String name : BOTH) urls.add(new File(jars, name).toURI().toURL());
    ClassLoader loader =
        new URLClassLoader(urls.toArray(new URL[0]), CrossCheck.class.getClassLoader());
    return (Codec) loader.loadClass("KafkaCodec").getConstructor(boolean.class)
        .newInstance(stableOnly);
  }

  private void check(Entry entry) {
    boolean known = false;
    for (Map.Entry<String, Codec> codec : codecs.entrySet()) {
      if (!codec.getValue().knows(entry.kind, entry.name, entry.version)) continue;
      known = true;
      check(entry, codec.getKey(), codec.getValue());
    }
    if (!known) report(entry, "no release knows it");
  }

  private void check(Entry entry, String release, Codec codec) {
    try {
      byte[] recoded = codec.recode(entry.kind, entry.name, entry.version, entry.bytes);
      if (Arrays.equals(recoded, entry.bytes)) {
        ++passed;
      } else {
        report(entry, release + " encodes it as " + HexFormat.of().formatHex(recoded));
      }
    } catch (Exception | Error problem) {
      report(entry, release + ": " + problem);
    }
  }

  private void report(Entry entry, String problem) {
    if (++failed > 20) return;
    System.out.printf("%s version %d: %s%n  bytes: %s%n", entry.name, entry.version, problem,
        HexFormat.of().formatHex(entry.bytes));
  }

  /** One random message of each type and version for each release that knows it. */
  private void generate(Entry like, Random random, DataOutputStream output) throws Exception {
    for (Codec codec : codecs.values()) {
      if (!codec.knows(like.kind, like.name, like.version)) continue;
      byte[] bytes = codec.random(like.kind, like.name, like.version, random);
      output.writeUTF(like.kind);
      output.writeUTF(like.name);
      output.writeShort(like.version);
      output.writeInt(bytes.length);
      output.write(bytes);
    }
  }

  private static Entry read(DataInputStream input) throws IOException {
    String kind = input.readUTF();
    String name = input.readUTF();
    short version = input.readShort();
    byte[] bytes = new byte[input.readInt()];
    input.readFully(bytes);
    return new Entry(kind, name, version, bytes);
  }

  public static void main(String[] arguments) throws Exception {
    CrossCheck check = new CrossCheck(new File(arguments[0]), new File(arguments[1]));
    Random random = new Random(Long.parseLong(arguments[2]));
    try (DataInputStream input =
            new DataInputStream(new BufferedInputStream(new FileInputStream(arguments[3])));
        DataOutputStream output =
            new DataOutputStream(new BufferedOutputStream(new FileOutputStream(arguments[4])))) {
      input.mark(1);
      while (input.read() >= 0) {
        input.reset();
        Entry entry = read(input);
        check.check(entry);
        check.generate(entry, random, output);
        input.mark(1);
      }
    }
    System.out.printf("Kafka read and wrote: %d passed, %d failed%n", check.passed, check.failed);
    System.exit(check.failed == 0 ? 0 : 1);
  }
}
