// SPDX-License-Identifier: Apache-2.0
import java.io.*;
import java.util.*;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/** Where the Java producer puts keys: one key in hexadecimal digits a line, and its partition. */
public class Partitions {
    public static void main(String[] arguments) throws IOException {
        int partitions = Integer.parseInt(arguments[0]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            byte[] key = HexFormat.of().parseHex(line);
            System.out.println(BuiltInPartitioner.partitionForKey(key, partitions));
        }
    }
}
