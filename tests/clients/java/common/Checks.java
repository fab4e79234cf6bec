// SPDX-License-Identifier: Apache-2.0
import java.time.Duration;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/** Named checks, printed one a line as the harness reads them: `PASS name` or `FAIL name: why`. */
final class Checks {
  static final Duration PATIENCE = Duration.ofSeconds(90);

  interface Body {
    void run() throws Exception;
  }

  private final String prefix;

  Checks(String prefix) {
    this.prefix = prefix;
  }

  /** Runs one check; returns whether it passed, so that what depends on it can be left out. */
  boolean check(String name, Body body) {
    try {
      body.run();
    } catch (Exception | AssertionError failure) {
      report("FAIL " + prefix + name + ": " + reason(failure));
      return false;
    }
    report("PASS " + prefix + name);
    return true;
  }

  static void expect(boolean condition, String otherwise) {
    if (!condition) throw new AssertionError(otherwise);
  }

  static void same(Object wanted, Object found, String what) {
    expect(Objects.equals(wanted, found), what + " is " + found + ", not " + wanted);
  }

  /**
   * The call must fail, directly or as the cause of an ExecutionException, with exactly this class.
   */
  static void fails(Class<? extends Throwable> wanted, Body body, String what) {
    try {
      body.run();
    } catch (Exception failure) {
      Throwable cause = failure;
      while (cause.getClass() != wanted && cause.getCause() != null) cause = cause.getCause();
      same(wanted.getSimpleName(), cause.getClass().getSimpleName(), what + ": the error");
      return;
    }
    throw new AssertionError(what + " was accepted");
  }

  /** Calls `step` (which polls, and so takes a little time) until `condition` holds. */
  static void until(String what, BooleanSupplier condition, Body step) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      expect(
          System.nanoTime() < deadline, "after " + PATIENCE.toSeconds() + " s still not: " + what);
      step.run();
    }
  }

  private static String reason(Throwable failure) {
    StringBuilder text = new StringBuilder();
    if (!(failure instanceof AssertionError))
      text.append(failure.getClass().getSimpleName()).append(": ");
    text.append(failure.getMessage());
    if (failure.getStackTrace().length > 0 && !(failure instanceof AssertionError)) {
      for (StackTraceElement frame : failure.getStackTrace()) {
        if (frame.getClassName().startsWith("org.") || frame.getClassName().startsWith("java."))
          continue;
        text.append(" (")
            .append(frame.getFileName())
            .append(':')
            .append(frame.getLineNumber())
            .append(')');
        break;
      }
    }
    return text.toString().replace('\n', ' ');
  }

  static synchronized void report(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
