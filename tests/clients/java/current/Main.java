// SPDX-License-Identifier: Apache-2.0

/** The programme of the current Java client: Main BOOTSTRAP PREFIX COMMAND [ARGUMENT…]. */
final class Main {
  public static void main(String[] arguments) throws Exception {
    Cluster cluster = new Cluster(arguments[0]);
    String prefix = arguments[1];
    switch (arguments[2]) {
      case "journey" -> new Journey(cluster, prefix).run();
      case "admin" -> {
        new AdminTopicChecks(cluster, prefix).run();
        new AdminRecordChecks(cluster, prefix).run();
      }
      case "producer" -> new ProducerChecks(cluster, prefix).run();
      case "groups" -> new GroupChecks(cluster, prefix).run();
      case "kill-load" -> {
        long rate = arguments.length > 3 ? Long.parseLong(arguments[3]) : 0;
        new KillLoad(cluster, prefix, rate).run();
      }
      case "package-read" ->
          Packages.read(cluster, arguments[3], prefix, Integer.parseInt(arguments[4]));
      default -> throw new IllegalArgumentException(arguments[2]);
    }
    Checks.report("END");
    System.exit(0);
  }
}
