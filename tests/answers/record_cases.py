# SPDX-License-Identifier: Apache-2.0
"""Questions about records: producing, fetching, offsets, producers; right, wrong and on the edge,
in the oldest and the newest versions where they differ.
"""

from batches import batch, record
from case import T0, UNKNOWN_ID, case, create
from transcript import ZERO_ID


def produce_values(name, partition, data, acks=-1, topic_id=None, transactional_id=None):
    by = {"TopicId": topic_id} if topic_id else {"Name": name}
    return {"TransactionalId": transactional_id, "Acks": acks, "TimeoutMs": 30000, "TopicData": [
        {**by, "PartitionData": [{"Index": partition, "Records": data}]}]}


@case
def produce(talk):
    topic_id = create(talk, "produced", 2)
    create(talk, "produced-oddly", 3)

    def ask(label, data, version=9, partition=0, name="produced", **how):
        talk.ask(label, "Produce", version, produce_values(name, partition, data, **how))

    for version in range(3, 13):
        ask(f"v{version}", batch([b"a", b"b"], timestamp=T0), version=version)
    ask("v13", batch(timestamp=T0), 13, topic_id=topic_id)
    for acks in (1, -1):
        ask(f"acks {acks}", batch(timestamp=T0), acks=acks)
    for acks in (2, -2, 100):
        for version in (3, 9, 12):
            ask(f"acks {acks} v{version}", batch(timestamp=T0), version, acks=acks)
    for version in (3, 7, 9, 12):
        ask(f"an unknown topic v{version}", batch(), version, name="produced-no")
        ask(f"an unknown partition v{version}", batch(), version, partition=7)
        ask(f"a negative partition v{version}", batch(), version, partition=-1)
    ask("an unknown id", batch(), 13, topic_id=UNKNOWN_ID)
    ask("a wrong name", batch(), name="a/b")

    ask("no records", b"")
    ask("two batches", batch(timestamp=T0) + batch(timestamp=T0))
    for version in (3, 7, 8, 9, 12):
        ask(f"a wrong CRC v{version}", batch(crc_error=1), version)
    ask("magic 1", batch(magic=1))
    ask("magic 3", batch(magic=3))
    ask("a negative magic", batch(magic=-1))
    ask("a length too long", batch(length_error=10))
    ask("a length too short", batch(length_error=-10))
    ask("a negative length", batch(length_error=-1000))
    ask("cut off", batch()[:-3])
    ask("a header cut off", batch()[:40])
    ask("something behind", batch() + b"abc")
    ask("a count too high", batch([b"a"], count=2))
    ask("a count too low", batch([b"a", b"b"], count=1))
    ask("count 0", batch([], count=0, last_offset_delta=0))
    ask("a negative count", batch([b"a"], count=-1))
    ask("a wrong last offset", batch([b"a", b"b"], last_offset_delta=5))
    ask("a negative last offset", batch([b"a"], last_offset_delta=-1))
    ask("wrong offsets", batch([b"a", b"b"], records=record(0, b"k", b"a")
                               + record(0, b"k", b"b")), name="produced-oddly")
    ask("a base offset", batch(base_offset=77, timestamp=T0))
    ask("a control batch", batch(attributes=32))
    ask("a transactional batch", batch(attributes=16, producer_id=1, producer_epoch=0,
                                       base_sequence=0))
    ask("an unknown codec", batch(attributes=5))
    ask("gzip that is none", batch(attributes=1))
    ask("lz4 that is none", batch(attributes=3))
    ask("zstd that is none in v3", batch(attributes=4), 3)
    ask("zstd that is none", batch(attributes=4), 9)
    ask("snappy that is none", batch(attributes=2))
    ask("log append time set by the client", batch(attributes=8, timestamp=T0))
    ask("a future time", batch(timestamp=T0 * 2))
    ask("no time", batch(timestamp=-1))
    ask("a sequence without a producer", batch(base_sequence=3))
    ask("a producer without a sequence", batch(producer_id=9, producer_epoch=0))
    ask("an internal topic", batch(), name="__consumer_offsets")
    ask("a record longer than the batch", batch(records=b"\x7e" + b"\0" * 9))
    ask("a record of length 0", batch(records=b"\0"))
    ask("a record with a negative key length", batch(records=b"\x0c\0\0\0\x05\x01\0"),
        name="produced-oddly", partition=1)
    data = batch(timestamp=T0)
    talk.ask("a partition twice", "Produce", 9, {"Acks": -1, "TimeoutMs": 1000, "TopicData": [
        {"Name": "produced-oddly", "PartitionData": [{"Index": 2, "Records": data},
                                                     {"Index": 2, "Records": data}]}]})
    talk.ask("some right and some wrong", "Produce", 9,
             {"Acks": -1, "TimeoutMs": 1000, "TopicData": [
                 {"Name": "produced", "PartitionData": [
                     {"Index": 0, "Records": batch(timestamp=T0)},
                     {"Index": 1, "Records": batch(crc_error=1)},
                     {"Index": 9, "Records": batch()}]},
                 {"Name": "produced-no", "PartitionData": [{"Index": 0, "Records": batch()}]}]})
    talk.ask("nothing at all", "Produce", 9, {"Acks": -1, "TimeoutMs": 1000, "TopicData": []})
    talk.ask("a transactional id", "Produce", 9,
             produce_values("produced", 0, batch(timestamp=T0), transactional_id="t"))


@case
def produce_without_acks(talk):
    create(talk, "silent")
    for label, name, data in (("a wrong CRC", "silent", batch(crc_error=1)),
                              ("an unknown topic", "silent-no", batch())):
        talk.expect_silence(label, "Produce", 9, produce_values(name, 0, data, acks=0))
    talk.send_only("Produce", 9, produce_values("silent", 0, batch(timestamp=T0), acks=0))
    talk.ask("after a right one", "Metadata", 9, {"Topics": [{"Name": "silent"}]})


@case
def produce_to_special_topics(talk):
    create(talk, "compacted", cleanup_policy="compact")
    create(talk, "stamped", message_timestamp_type="LogAppendTime")
    create(talk, "small", max_message_bytes="200")
    create(talk, "strict", message_timestamp_before_max_ms="1000")

    def ask(label, name, data, version=9):
        talk.ask(label, "Produce", version, produce_values(name, 0, data))

    for version in (3, 7, 8, 9, 12):
        ask(f"no key v{version}", "compacted", batch([b"a", b"b", b"c"], keys=[b"k", None, b"k"]),
            version)
        ask(f"too old v{version}", "strict", batch([b"a", b"b"], timestamp=T0), version)
    ask("a key", "compacted", batch(timestamp=T0))
    ask("stamped", "stamped", batch([b"a", b"b"], timestamp=T0))
    ask("too large", "small", batch([b"x" * 300]))
    ask("too large v3", "small", batch([b"x" * 300]), 3)
    ask("just right", "small", batch([b"x" * 50]))
    ask("two that are too large together", "small", batch([b"x" * 80]) + batch([b"x" * 80]))


@case
def idempotent_producers(talk):
    create(talk, "idempotent")
    producer = talk.producer_id()

    def ask(label, sequence, values=(b"v",), epoch=0, producer_id=producer):
        talk.ask(label, "Produce", 9, produce_values("idempotent", 0, batch(
            list(values), timestamp=T0, producer_id=producer_id, producer_epoch=epoch,
            base_sequence=sequence)))

    ask("first", 0, [b"a", b"b"])
    ask("second", 2)
    ask("the second again", 2)
    ask("the first again", 0, [b"a", b"b"])
    ask("a gap", 5)
    ask("overlapping", 1, [b"b", b"c"])
    for sequence in range(3, 9):
        ask(f"sequence {sequence}", sequence)
    ask("one of the last five again", 5)
    ask("an older one again", 0, [b"a", b"b"])
    ask("a new epoch that starts in the middle", 4, epoch=1)
    ask("a new epoch", 0, epoch=1)
    ask("the old epoch", 9, epoch=0)
    ask("an unknown producer in the middle", 7, producer_id=producer + 500)
    answer = talk.connection_call("DescribeProducers", 0, {"Topics": [
        {"Name": "idempotent", "PartitionIndexes": [0]}]})
    for state in answer["Topics"][0]["Partitions"][0]["ActiveProducers"]:
        state["ProducerId"] -= producer
    talk.note("described", sorted(answer["Topics"][0]["Partitions"][0]["ActiveProducers"],
                                  key=lambda state: state["ProducerId"]))


def fetch_values(topics, version, **how):
    """`topics`: (name, id, [(partition, offset, more…)])."""
    values = {"MaxWaitMs": 0, "MinBytes": 1, "MaxBytes": 1_000_000, "SessionEpoch": -1, **how}
    values["Topics"] = [
        {**({"TopicId": topic_id} if version >= 13 else {"Topic": name}),
         "Partitions": [{"Partition": partition, "FetchOffset": offset,
                         "PartitionMaxBytes": 1_000_000, **(more[0] if more else {})}
                        for partition, offset, *more in partitions]}
        for name, topic_id, partitions in topics]
    if version < 15:
        values["ReplicaId"] = -1
    if version < 7:
        values.pop("SessionEpoch")
    return values


@case
def fetch(talk):
    topic_id = create(talk, "fetched", 3)
    for number in range(3):
        talk.connection_call("Produce", 9, produce_values(
            "fetched", 0, batch([b"%d" % number] * 2, timestamp=T0 + number)))

    def ask(label, *partitions, version=12, name="fetched", by=topic_id, **how):
        talk.ask(label, "Fetch", version,
                 fetch_values([(name, by, partitions)] if partitions else [], version, **how))

    for version in range(4, 19):
        ask(f"all v{version}", (0, 0), version=version)
        ask(f"the end v{version}", (0, 6), version=version)
        ask(f"beyond v{version}", (0, 7), version=version)
        ask(f"an unknown partition v{version}", (9, 0), version=version)
    for version in (4, 12):
        ask(f"an unknown topic v{version}", (0, 0), version=version, name="fetched-no")
    for version in (13, 18):
        ask(f"an unknown id v{version}", (0, 0), version=version, by=UNKNOWN_ID)
        ask(f"no id v{version}", (0, 0), version=version, by=ZERO_ID)
    ask("the middle of a batch", (0, 3))
    ask("a negative offset", (0, -1))
    ask("an empty partition", (1, 0))
    ask("beyond an empty partition", (1, 1))
    ask("committed only", (0, 0), IsolationLevel=1)
    ask("one byte of the partition", (0, 0, {"PartitionMaxBytes": 1}))
    ask("no bytes of the partition", (0, 0, {"PartitionMaxBytes": 0}))
    ask("one byte", (0, 0), MaxBytes=1)
    ask("no bytes", (0, 0), MaxBytes=0)
    ask("a batch and a half", (0, 0, {"PartitionMaxBytes": 120}))
    talk.connection_call("Produce", 9, produce_values("fetched", 2, batch(timestamp=T0)))
    ask("two partitions with one byte", (0, 0, {"PartitionMaxBytes": 1}),
        (2, 0, {"PartitionMaxBytes": 1}))
    ask("two partitions, one byte in all", (0, 0), (2, 0), MaxBytes=1)
    ask("more than there is at once", (0, 0), MinBytes=100_000)
    ask("more than there is, a moment later", (0, 0), MinBytes=100_000, MaxWaitMs=50)
    ask("an error does not wait", (0, 0), (1, 1), MinBytes=100_000, MaxWaitMs=100_000)
    ask("nothing but strangers", (9, 0), MinBytes=100_000, MaxWaitMs=100_000)
    ask("a stranger waits with the others", (0, 0), (9, 0), MinBytes=100_000, MaxWaitMs=50)
    ask("the right epoch", (0, 0, {"CurrentLeaderEpoch": 0}))
    ask("an epoch too new", (0, 0, {"CurrentLeaderEpoch": 5}))
    ask("the right last epoch", (0, 2, {"LastFetchedEpoch": 0}))
    ask("a last epoch too new", (0, 2, {"LastFetchedEpoch": 5}))
    ask("nothing")
    talk.connection_call("DeleteRecords", 2, {"TimeoutMs": 30000, "Topics": [
        {"Name": "fetched", "Partitions": [{"PartitionIndex": 0, "Offset": 3}]}]})
    ask("below the start", (0, 1))
    ask("at the start", (0, 3))


@case
def fetch_sessions(talk):
    first = create(talk, "session-a", 2)
    second = create(talk, "session-b", 1)
    for name in ("session-a", "session-b"):
        talk.connection_call("Produce", 9, produce_values(name, 0, batch(timestamp=T0)))

    def ask(label, topics=(), version=13, **how):
        return talk.ask(label, "Fetch", version, fetch_values(topics, version, **how))

    both = [("session-a", first, [(0, 0), (1, 0)]), ("session-b", second, [(0, 0)])]
    session = ask("a new session", both, SessionEpoch=0)["SessionId"]
    ask("the same again", SessionId=session, SessionEpoch=1)
    ask("moved on", [("session-a", first, [(0, 1)])], SessionId=session, SessionEpoch=2)
    ask("all is known", [("session-b", second, [(0, 1)])], SessionId=session, SessionEpoch=3)
    talk.connection_call("Produce", 9, produce_values("session-a", 1, batch(timestamp=T0)))
    ask("something new", SessionId=session, SessionEpoch=4)
    ask("one forgotten", SessionId=session, SessionEpoch=5, ForgottenTopicsData=[
        {"TopicId": first, "Partitions": [0, 1]}])
    ask("an epoch twice", SessionId=session, SessionEpoch=5)
    ask("an epoch skipped", SessionId=session, SessionEpoch=9)
    ask("an unknown session", SessionId=session + 1 if session < 2**31 - 1 else 1, SessionEpoch=1)
    ask("session 0 with an epoch", SessionId=0, SessionEpoch=3)
    ask("by name in a session by id", version=12, SessionId=session, SessionEpoch=6)
    ask("an unknown partition", [("session-a", first, [(9, 0)])], SessionId=session,
        SessionEpoch=6)
    ask("the error again", SessionId=session, SessionEpoch=7)
    ask("an unknown topic", [("no", UNKNOWN_ID, [(0, 0)])], SessionId=session, SessionEpoch=8)
    ask("that error again", SessionId=session, SessionEpoch=9)
    ask("closed", SessionId=session, SessionEpoch=-1)
    ask("after the end", SessionId=session, SessionEpoch=10)
    ask("nothing in a new session", SessionEpoch=0)
    old = ask("by name", both, version=12, SessionEpoch=0)["SessionId"]
    ask("by id in a session by name", SessionId=old, SessionEpoch=1)
    ask("an unknown topic by name", [("session-no", None, [(0, 0)])], version=12, SessionId=old,
        SessionEpoch=1)
    replaced = ask("replaced", both, version=12, SessionId=old, SessionEpoch=0)["SessionId"]
    talk.note("is another session", replaced != old)
    ask("the replaced one", version=12, SessionId=old, SessionEpoch=1)


@case
def list_offsets(talk):
    create(talk, "listed", 2)
    for number in range(3):
        talk.connection_call("Produce", 9, produce_values(
            "listed", 0, batch([b"a", b"b"], timestamp=T0 + 10 * number)))

    def ask(label, timestamp, version=11, partition=0, name="listed", **more):
        values = {"ReplicaId": more.pop("ReplicaId", -1), "Topics": [{"Name": name, "Partitions": [
            {"PartitionIndex": partition, "Timestamp": timestamp, **more}]}]}
        talk.ask(label, "ListOffsets", version, values)

    for version in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11):
        for timestamp in (-1, -2, -3, -4, -5, -6, -7, 0, T0, T0 + 5, T0 + 20, T0 + 21):
            ask(f"{timestamp} v{version}", timestamp, version)
    for timestamp in (-1, -2, -3, -4, -5, -6, T0):
        ask(f"{timestamp} of an empty partition", timestamp, partition=1)
    for replica in (-2, 1, 7):
        ask(f"replica {replica}", -1, ReplicaId=replica)
    ask("an unknown partition", -1, partition=5)
    ask("an unknown topic", -1, name="listed-no")
    ask("a wrong name", -1, name="a/b")
    for epoch in (0, 1):
        ask(f"epoch {epoch}", -1, CurrentLeaderEpoch=epoch)
        ask(f"epoch {epoch} by time", T0, CurrentLeaderEpoch=epoch)
    talk.ask("committed", "ListOffsets", 11, {"ReplicaId": -1, "IsolationLevel": 1, "Topics": [
        {"Name": "listed", "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}]})


@case
def leader_epochs(talk):
    create(talk, "epochs")
    talk.connection_call("Produce", 9, produce_values("epochs", 0, batch(timestamp=T0)))
    for version in (2, 3, 4):
        for epoch in (-1, 0, 1, 5):
            talk.ask(f"epoch {epoch} v{version}", "OffsetForLeaderEpoch", version, {"Topics": [
                {"Topic": "epochs", "Partitions": [
                    {"Partition": 0, "LeaderEpoch": epoch},
                    {"Partition": 0, "LeaderEpoch": epoch, "CurrentLeaderEpoch": 3},
                    {"Partition": 4, "LeaderEpoch": epoch}]},
                {"Topic": "epochs-no", "Partitions": [{"Partition": 0, "LeaderEpoch": epoch}]}]})


@case
def delete_records(talk):
    create(talk, "deleted", 2)
    create(talk, "deleted-compacted", cleanup_policy="compact")
    create(talk, "deleted-both", cleanup_policy="compact,delete")
    for name in ("deleted", "deleted-compacted", "deleted-both"):
        talk.connection_call("Produce", 9, produce_values(name, 0, batch([b"a"] * 4)))

    def ask(label, name, offset, partition=0, version=2):
        talk.ask(label, "DeleteRecords", version, {"TimeoutMs": 30000, "Topics": [
            {"Name": name, "Partitions": [{"PartitionIndex": partition, "Offset": offset}]}]})

    for offset in (0, 2, 1, 5, -2, -1, 0):
        ask(f"to {offset}, {len(talk.answers)}", "deleted", offset)
    ask("v0", "deleted", 4, version=0)
    ask("an empty partition", "deleted", -1, partition=1)
    ask("an unknown partition", "deleted", 0, partition=5)
    ask("an unknown topic", "deleted-no", 0)
    ask("a compacted topic", "deleted-compacted", 1)
    ask("a topic of both policies", "deleted-both", 1)


@case
def producer_ids(talk):
    talk.producer_id()

    def ask(label, version=4, **values):
        answer = talk.connection_call("InitProducerId", version, {
            "TransactionalId": None, "TransactionTimeoutMs": 60000, **values})
        answer["ProducerId"] = min(answer["ProducerId"], 0)
        talk.note(label, answer)

    for version in (0, 1, 2, 3, 4, 5):
        ask(f"v{version}", version)
    ask("an id without an epoch", ProducerId=5)
    ask("an epoch without an id", ProducerEpoch=5)
    ask("an id and an epoch", ProducerId=5, ProducerEpoch=3)
    ask("an empty transactional id", TransactionalId="")
    ask("time-out 0", TransactionTimeoutMs=0)


@case
def describe_producers(talk):
    create(talk, "producing")
    talk.ask("all sorts", "DescribeProducers", 0, {"Topics": [
        {"Name": "producing", "PartitionIndexes": [0, 5]},
        {"Name": "producing-no", "PartitionIndexes": [0]},
        {"Name": "a/b", "PartitionIndexes": [0]}]})
