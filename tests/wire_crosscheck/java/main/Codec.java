// SPDX-License-Identifier: Apache-2.0

import java.util.Random;

/** Kafka's codec of one release. Each release has a class loader of its own. */
public interface Codec {
  /** Whether this release can read and write the message in this version. */
  boolean knows(String kind, String name, short version);

  /** The bytes of the message after decoding them all. */
  byte[] recode(String kind, String name, short version, byte[] bytes) throws Exception;

  /** The bytes of a message with random values in all fields that the version has. */
  byte[] random(String kind, String name, short version, Random random) throws Exception;
}
