// SPDX-License-Identifier: Apache-2.0

/** The programme of the old client: Main BOOTSTRAP PREFIX COMMAND [ARGUMENT…]. */
final class Main {
  public static void main(String[] arguments) throws Exception {
    Cluster cluster = new Cluster(arguments[0]);
    String prefix = arguments[1];
    switch (arguments[2]) {
      case "journey" -> new Journey(cluster, prefix).run();
      case "admin" -> new AdminBasics(cluster, prefix).run();
      case "package-read" ->
          Packages.read(cluster, arguments[3], prefix, Integer.parseInt(arguments[4]));
      default -> throw new IllegalArgumentException(arguments[2]);
    }
    Checks.report("END");
    System.exit(0);
  }
}
