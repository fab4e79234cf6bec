// SPDX-License-Identifier: Apache-2.0
// Writes the fixtures of this directory with Apache Kafka's own classes; README.md says how.
import java.io.FileOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.KRaftVersionRecord;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.message.SnapshotFooterRecord;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;

public class GoldenBatches {
  static final long TIME = 1700000000000L;
  static Path directory;

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static void write(String name, ByteBuffer buffer) throws Exception {
    try (FileOutputStream out = new FileOutputStream(directory.resolve(name + ".batch").toFile())) {
      out.getChannel().write(buffer.duplicate());
    }
  }

  static SimpleRecord[] records() {
    List<SimpleRecord> records = new ArrayList<>();
    records.add(new SimpleRecord(TIME, utf8("key"), utf8("value")));
    records.add(new SimpleRecord(TIME + 5, null, utf8("no key")));
    records.add(new SimpleRecord(TIME - 70000, utf8("no value"), null));
    records.add(new SimpleRecord(TIME + 1, new byte[0], new byte[0]));
    Header[] headers = {new RecordHeader("trace", utf8("1")), new RecordHeader("null", null),
                        new RecordHeader("", new byte[0]), new RecordHeader("zażółć", utf8("ü"))};
    records.add(new SimpleRecord(TIME + 2, utf8("headers"), utf8("4"), headers));
    byte[] large = new byte[70000];
    for (int i = 0; i < large.length; i++) large[i] = (byte) (i % 251);
    records.add(new SimpleRecord(TIME + 3, utf8("large"), large));
    for (int i = 0; i < 200; i++) {
      records.add(new SimpleRecord(TIME + 10 + i, utf8("k" + i), utf8("value number " + i)));
    }
    return records.toArray(new SimpleRecord[0]);
  }

  static SimpleRecord[] few() {
    return Arrays.copyOf(records(), 5);
  }

  static void controlBatch(String name, ControlRecordType type) throws Exception {
    MemoryRecordsBuilder builder = new MemoryRecordsBuilder(ByteBuffer.allocate(512),
        RecordBatch.CURRENT_MAGIC_VALUE, Compression.NONE, TimestampType.CREATE_TIME, 7, TIME,
        RecordBatch.NO_PRODUCER_ID, RecordBatch.NO_PRODUCER_EPOCH, RecordBatch.NO_SEQUENCE, false,
        true, 3, 512);
    switch (type) {
      case LEADER_CHANGE:
        LeaderChangeMessage.Voter voter = new LeaderChangeMessage.Voter().setVoterId(1);
        builder.appendLeaderChangeMessage(TIME,
            new LeaderChangeMessage().setVersion((short) 0).setLeaderId(1)
                .setVoters(List.of(voter)).setGrantingVoters(List.of(voter.duplicate())));
        break;
      case SNAPSHOT_HEADER:
        builder.appendSnapshotHeaderMessage(TIME,
            new SnapshotHeaderRecord().setVersion((short) 0)
                .setLastContainedLogTimestamp(TIME - 1));
        break;
      case SNAPSHOT_FOOTER:
        builder.appendSnapshotFooterMessage(TIME, new SnapshotFooterRecord().setVersion((short) 0));
        break;
      default:
        builder.appendKRaftVersionMessage(TIME,
            new KRaftVersionRecord().setVersion((short) 0).setKRaftVersion((short) 1));
    }
    write(name, builder.build().buffer());
  }

  public static void main(String[] arguments) throws Exception {
    directory = Path.of(arguments[0]);
    write("none", MemoryRecords.withRecords(Compression.NONE, records()).buffer());
    write("gzip", MemoryRecords.withRecords(Compression.gzip().build(), records()).buffer());
    write("snappy", MemoryRecords.withRecords(Compression.snappy().build(), records()).buffer());
    write("lz4", MemoryRecords.withRecords(Compression.lz4().build(), records()).buffer());
    write("zstd", MemoryRecords.withRecords(Compression.zstd().build(), records()).buffer());
    write("idempotent", MemoryRecords.withIdempotentRecords(RecordBatch.CURRENT_MAGIC_VALUE, 0L,
        Compression.NONE, 4711L, (short) 3, 2147483646, 9, few()).buffer());
    write("transactional", MemoryRecords.withTransactionalRecords(RecordBatch.CURRENT_MAGIC_VALUE,
        100L, Compression.NONE, 4711L, (short) 3, 42, 9, few()).buffer());
    write("commit", MemoryRecords.withEndTransactionMarker(7, TIME, 3, 4711L, (short) 2,
        new EndTransactionMarker(ControlRecordType.COMMIT, 5)).buffer());
    write("abort", MemoryRecords.withEndTransactionMarker(7, TIME, 3, 4711L, (short) 2,
        new EndTransactionMarker(ControlRecordType.ABORT, 5)).buffer());
    controlBatch("leader_change", ControlRecordType.LEADER_CHANGE);
    controlBatch("snapshot_header", ControlRecordType.SNAPSHOT_HEADER);
    controlBatch("snapshot_footer", ControlRecordType.SNAPSHOT_FOOTER);
    controlBatch("kraft_version", ControlRecordType.KRAFT_VERSION);
  }
}
