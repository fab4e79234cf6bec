# SPDX-License-Identifier: Apache-2.0
"""Older forms of the console tools, formatters and deserializers."""
from case import Case, Native

REPLACED = [
    (r'"commitTimestamp":\d+', '"commitTimestamp":T'),
    (r'"currentStateTimestamp":\d+', '"currentStateTimestamp":T'),
    (r"(console-consumer|rdkafka)-[0-9a-f-]{36}", "MEMBER"),
    # Kafka 4.3 writes the version before ours.
    (r'"version":"?\d+"?', '"version":V'),
    (r',"topicId":"[\w-]+"', ""),
    (r"Processed a total of \d+ messages", "Processed a total of N messages"),
]
FILES = {
    "producer.properties": "acks=1\n",
    "consumer.properties": "auto.offset.reset=earliest\n",
    "reader.properties": "parse.key=true\nkey.separator=:\n",
    "format.properties": "print.key=true\nkey.separator=-\n",
}
FORMATTERS = "org.apache.kafka.tools.consumer."
SERIALIZATION = "org.apache.kafka.common.serialization."
FROM_BEGINNING = "SERVER --topic t --from-beginning --max-messages"


def produce(arguments, stdin, **special):
    return Case("kafka-console-producer", arguments, stdin, **special)


def consume(arguments, **special):
    return Case("kafka-console-consumer", arguments, **special)


CASES = [
    Case("kafka-topics", "SERVER --create --topic t"),
    Case("kafka-topics", "SERVER --create --topic numbers"),
    produce("SERVER --topic t --producer-property client.id=me --property parse.key=true",
            "a\t1\n"),
    produce("SERVER --topic t --producer.config {directory}/producer.properties", "2\n"),
    produce("SERVER --topic t --command-config {directory}/producer.properties "
            "--reader-config {directory}/reader.properties", "b:3\n"),
    produce("SERVER --topic t --line-reader org.apache.kafka.tools.LineMessageReader "
            "--max-partition-memory-bytes 100 --max-memory-bytes 1000000", "4\n"),
    produce("SERVER --topic t --reader-property parse.headers=true --reader-property "
            "headers.delimiter=| --reader-property headers.separator=; --reader-property "
            "headers.key.separator==", "x=1;y=2|5\n"),
    produce("SERVER --topic numbers --reader-property parse.key=true",
            "\0\0\0\7\t\0\0\0\0\0\0\0\5\n"),
    produce("SERVER --topic t --producer-property a=b --command-property c=d", "x\n"),
    produce("SERVER --topic t --producer.config a --command-config b", "x\n"),
    consume(f"{FROM_BEGINNING} 5 --consumer-property client.id=me"),
    consume(f"{FROM_BEGINNING} 5 --consumer.config {{directory}}/consumer.properties "
            "--property print.key=true"),
    consume("SERVER --topic t --command-config {directory}/consumer.properties --max-messages 5 "
            "--formatter-config {directory}/format.properties"),
    consume(f"{FROM_BEGINNING} 5 --formatter {FORMATTERS}DefaultMessageFormatter "
            "--formatter-property print.headers=true"),
    consume(f"{FROM_BEGINNING} 5 --formatter {FORMATTERS}LoggingMessageFormatter"),
    consume(f"{FROM_BEGINNING} 5 --formatter {FORMATTERS}NoOpMessageFormatter"),
    consume(f"SERVER --topic numbers --from-beginning --max-messages 1 --key-deserializer "
            f"{SERIALIZATION}IntegerDeserializer --value-deserializer "
            f"{SERIALIZATION}LongDeserializer --formatter-property print.key=true"),
    consume(f"SERVER --topic numbers --from-beginning --max-messages 1 --value-deserializer "
            f"{SERIALIZATION}DoubleDeserializer"),
    consume(f"SERVER --topic numbers --from-beginning --max-messages 1 --key-deserializer "
            f"{SERIALIZATION}FloatDeserializer --formatter-property print.key=true "
            "--formatter-property print.value=false"),
    Case("kafka-consumer-groups",
         "SERVER --group moved --topic t --reset-offsets --to-latest --execute"),
    consume(f"SERVER --topic __consumer_offsets --from-beginning --timeout-ms 4000 --formatter "
            f"{FORMATTERS}OffsetsMessageFormatter"),
    consume("SERVER --topic t --consumer-property a=b --command-property c=d"),
    consume("SERVER --topic t --consumer.config a --command-config b"),
    consume("SERVER --topic t --property a=b --formatter-property c=d"),
    consume("SERVER --topic t --from-beginning --consumer-property auto.offset.reset=latest"),
    consume("SERVER --topic t --group a --consumer-property group.id=b"),
]

OLD = "kafka.coordinator.group.GroupMetadataManager$"

NATIVE = [
    Native("--broker-list {server} --topic t --new-producer --queue-size 5 --key-serializer x",
           "^$", stdin="6\n", program="kafka-console-producer"),
    Native("SERVER --topic t --line-reader 'kafka.tools.ConsoleProducer$LineMessageReader'", "^$",
           stdin="7\n", program="kafka-console-producer"),
    Native("SERVER --topic t --line-reader com.example.Reader", exit=1, stderr="there is no JVM",
           program="kafka-console-producer"),
    Native("--topic t --zookeeper localhost:2181", exit=1, stderr="not ZooKeeper",
           program="kafka-console-producer", needs_server=False),
    Native("--topic t --zookeeper localhost:2181 --partition 0", exit=1,
           stderr="can't be used with",
           program="kafka-console-consumer", needs_server=False),
    Native("--topic t --zookeeper localhost:", exit=1, stderr="zookeeper.connect=localhost:",
           program="kafka-console-consumer", needs_server=False),
    Native("--new-consumer --broker-list {server} --whitelist t --from-beginning --max-messages 7 "
           "--timeout-ms 5000 --formatter kafka.tools.DefaultMessageFormatter",
           "^1\n2\n3\n4\n5\n6\n7\n$", program="kafka-console-consumer"),
    Native("SERVER --topic t --from-beginning --max-messages 1 --formatter "
           "kafka.tools.ChecksumMessageFormatter", exit=1, stderr="no checksum of their own",
           program="kafka-console-consumer"),
    Native("SERVER --topic t --formatter com.example.Formatter", exit=1, stderr="no JVM",
           program="kafka-console-consumer"),
    Native(f"SERVER --topic __consumer_offsets --from-beginning --timeout-ms 2000 --formatter "
           f"'{OLD}OffsetsMessageFormatter'",
           r"(?m)^\[moved,t,0\]::OffsetAndMetadata\(offset=5, leaderEpoch=Optional(\.empty|\[0\]), "
           r"metadata=, commitTimestamp=\d+, expireTimestamp=None\)$",
           program="kafka-console-consumer"),
    Native("SERVER --topic t --from-beginning --max-messages 5 --enable-systest-events",
           "5\nshutdown_complete\n", program="kafka-console-consumer"),
    Native(f"SERVER --topic t --from-beginning --max-messages 5 --skip-message-on-error "
           f"--value-deserializer {SERIALIZATION}LongDeserializer", "^$",
           stderr="skipped: topic t, partition 0, offset 4: .*\nProcessed a total of 5 messages",
           program="kafka-console-consumer"),
    Native("SERVER --topic t --from-beginning --max-messages 5 --group g", "5\n",
           program="kafka-console-consumer"),
    Native(f"SERVER --topic __consumer_offsets --from-beginning --timeout-ms 2000 --formatter "
           f"{FORMATTERS}GroupMetadataMessageFormatter",
           r'^\{"key":\{"type":2,"data":\{"group":"g"\}\},"value":\{"version":\d,"data":'
           r'\{"protocolType":"consumer",.*"subscription":"AA',
           program="kafka-console-consumer"),
    Native(f"SERVER --topic __consumer_offsets --from-beginning --timeout-ms 2000 --formatter "
           f"'{OLD}GroupMetadataMessageFormatter'", r'^\{"key":\{"type":2,.*\}\n',
           program="kafka-console-consumer"),
    # What was sent before a line that is none stays sent.
    Native("produce t --reader-property parse.key=true", exit=1, stdin="k\t8\nnone\n",
           stderr=r"line number 2, from column 1.*1 records were acknowledged, 0 were not"),
]
