// SPDX-License-Identifier: Apache-2.0
import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.concurrent.*;

/**
 * Runs Kafka's tools one after the other in this JVM. Each line on stdin is a command line:
 * class TAB arguments TAB stdin, where arguments are separated by commas and they and stdin are
 * base64. The answer is a line: exit code TAB stdout TAB stderr, both base64.
 *
 * A tool's classes are loaded anew for each line, for what they keep in static fields. What a tool
 * does after it asked the JVM to exit does not count: the first exit wins.
 */
public class Tools {
    static final long TIMEOUT_SECONDS = 120;

    /** Ends the thread that asked to exit. */
    static class Exited extends ThreadDeath {}

    /** One command line: what it writes and how it ends. */
    static class Run {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        final CompletableFuture<String> ended = new CompletableFuture<>();

        synchronized void end(int code) {
            if (ended.isDone()) return;
            System.out.flush();
            System.err.flush();
            ended.complete(code + "\t" + encoded(out) + "\t" + encoded(err));
        }
    }

    static volatile Run current;

    static String encoded(ByteArrayOutputStream bytes) {
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }

    static String decoded(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }

    @SuppressWarnings("removal")
    static void trapExit() {
        System.setSecurityManager(new SecurityManager() {
            @Override public void checkExit(int status) {
                Run run = current;
                if (run == null) return;
                run.end(status);
                throw new Exited();
            }
            @Override public void checkPermission(java.security.Permission permission) {}
            @Override public void checkPermission(
                java.security.Permission permission, Object context) {}
        });
    }

    static void call(Run run, String tool, String[] arguments, URL[] jars) {
        try (URLClassLoader loader = new URLClassLoader(jars, Tools.class.getClassLoader())) {
            Thread.currentThread().setContextClassLoader(loader);
            loader.loadClass(tool).getMethod("main", String[].class)
                .invoke(null, (Object) arguments);
            run.end(0);
        } catch (java.lang.reflect.InvocationTargetException failed) {
            Throwable cause = failed.getCause();
            if (!(cause instanceof Exited) && !run.ended.isDone()) {
                System.err.print("Exception in thread \"main\" ");
                cause.printStackTrace();
            }
            run.end(1);
        } catch (Exception failed) {
            failed.printStackTrace();
            run.end(255);
        }
    }

    static String answer(String line, URL[] jars) throws Exception {
        String[] parts = line.split("\t", -1);
        String[] arguments = parts[1].isEmpty() ? new String[0] : parts[1].split(",", -1);
        for (int i = 0; i < arguments.length; i++) arguments[i] = decoded(arguments[i]);
        Run run = new Run();
        System.setIn(new ByteArrayInputStream(decoded(parts[2]).getBytes(StandardCharsets.UTF_8)));
        System.setOut(new PrintStream(run.out, false, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(run.err, false, StandardCharsets.UTF_8));
        current = run;
        Thread thread = new Thread(() -> call(run, parts[0], arguments, jars), "main");
        thread.setDaemon(true);
        thread.start();
        String answer = run.ended.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        thread.join(TimeUnit.SECONDS.toMillis(TIMEOUT_SECONDS));
        return answer;
    }

    public static void main(String[] ignored) throws Exception {
        PrintStream answers = System.out;
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        List<URL> jars = new ArrayList<>();
        for (String jar : System.getProperty("tools.jars").split(":")) {
            jars.add(new File(jar).toURI().toURL());
        }
        trapExit();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            answers.println(answer(line, jars.toArray(new URL[0])));
            answers.flush();
        }
        current = null;
        Runtime.getRuntime().halt(0);
    }
}
