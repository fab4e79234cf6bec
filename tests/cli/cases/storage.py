# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def storage(arguments, **special):
    return Case("kafka-storage", arguments, **special)


CLUSTER = "--cluster-id JEXY6aqzQY-32P5TStzaFg"
STATIC = "--config {directory}/static.properties"
DYNAMIC = "--config {directory}/dynamic.properties"
BROKER = "--config {directory}/broker.properties"

CASES = [
    storage(f"info {STATIC}"),
    storage(f"format {STATIC} {CLUSTER}"),
    storage(f"format {STATIC} {CLUSTER}"),
    storage(f"format {STATIC} {CLUSTER} --ignore-formatted"),
    storage(f"format {STATIC} --cluster-id another --ignore-formatted"),
    storage(f"info {STATIC}"),
    storage(f"format {DYNAMIC} {CLUSTER}"),
    storage(f"format {DYNAMIC} {CLUSTER} --standalone --initial-controllers "
            "2@localhost:9093:JEXY6aqzQY-32P5TStzaFg"),
    storage(f"format {DYNAMIC} {CLUSTER} --standalone --release-version 3.3"),
    storage(f"format {STATIC} {CLUSTER} --standalone"),
    storage(f"format {DYNAMIC} {CLUSTER} --standalone --feature kraft.version=0"),
    storage(f"format {DYNAMIC} {CLUSTER} --standalone"),
    storage(f"info {DYNAMIC}"),
    storage(f"format -c {{directory}}/voter.properties -t JEXY6aqzQY-32P5TStzaFg -I "
            "3@localhost:9093:MvDxzVmcRsaTz33bUuRU6A,2@[::1]:9094:07R5amHmR32VDA6jHkGbTA"),
    storage(f"info -c {{directory}}/voter.properties"),
    storage(f"format -c {{directory}}/joining.properties {CLUSTER} -N"),
    storage(f"format {BROKER} {CLUSTER} --standalone"),
    storage(f"format {BROKER} {CLUSTER} --feature transaction.version=7"),
    storage(f"format {BROKER} {CLUSTER} --feature no.such.feature=7"),
    storage(f"format {BROKER} {CLUSTER} --feature transaction.version"),
    storage(f"format {BROKER} {CLUSTER} --feature eligible.leader.replicas.version=1 "
            "--release-version 3.9"),
    storage(f"format {BROKER} {CLUSTER} --feature metadata.version=25 --release-version 4.0"),
    storage(f"format {BROKER} {CLUSTER} --release-version 4.4"),
    storage(f"format {BROKER} {CLUSTER} --release-version 2.8"),
    storage(f"format {BROKER} {CLUSTER} --feature kraft.version=1"),
    storage(f"format {BROKER} {CLUSTER} --feature group.version=0 --release-version 4.0"),
    storage(f"format {BROKER} {CLUSTER} --add-scram nonsense"),
    storage(f"format {BROKER} {CLUSTER} --add-scram SCRAM-SHA-1=[name=alice,password=x]"),
    storage(f"format {BROKER} {CLUSTER} --add-scram SCRAM-SHA-256=[name=alice]"),
    storage(f"format {BROKER} {CLUSTER} --add-scram SCRAM-SHA-256=[password=x]"),
    storage(f"format {BROKER} {CLUSTER} --add-scram "
            "SCRAM-SHA-256=[name=alice,password=x,iterations=7]"),
    storage(f"format {BROKER} {CLUSTER} --add-scram SCRAM-SHA-256=[name=alice,pass=x]"),
    storage(f"format {BROKER} {CLUSTER} --add-scram "
            "SCRAM-SHA-256=[name=alice,saltedpassword=YCE=]"),
    storage(f"format -c {{directory}}/scram.properties {CLUSTER} --add-scram "
            "SCRAM-SHA-512=[name=alice,iterations=8192,salt=N3E=,password=alice-secret] "
            "-S 'SCRAM-SHA-256=[name=bob,salt=\"N3E=\",saltedpassword=\"YCE=\"]'"),
    storage(f"format -c {{directory}}/two.properties {CLUSTER}", unordered=True),
    storage("info -c {directory}/two.properties"),
    storage("format"),
    storage(f"format {STATIC}"),
    storage(f"format {CLUSTER}"),
    storage(f"info {CLUSTER}"),
    storage(""),
    storage("explode"),
    storage("random-uuid"),
    storage("random-uuid --config x"),
    storage("version-mapping"),
    storage("version-mapping -r 4.2"),
    storage("version-mapping --release-version 9.9"),
    storage("feature-dependencies --feature transaction.version=2"),
    storage("feature-dependencies -f eligible.leader.replicas.version=1 -f metadata.version=20"),
    storage("feature-dependencies --feature nope=2"),
    storage("feature-dependencies --feature nope"),
    storage("feature-dependencies --feature group.version=x"),
    storage("feature-dependencies --feature group.version=7"),
    storage("feature-dependencies"),
]

LISTENERS = ("listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093\n"
             "controller.listener.names=CONTROLLER\n")
BOTH = "process.roles=broker,controller\nnode.id=2\n" + LISTENERS
VOTERS = "controller.quorum.voters=2@localhost:9093\n"
BOOTSTRAP = "controller.quorum.bootstrap.servers=localhost:9093\n"
FILES = {
    "static.properties": BOTH + VOTERS + "log.dirs={directory}/static\n",
    "dynamic.properties": BOTH + BOOTSTRAP + "log.dirs={directory}/dynamic\n",
    "voter.properties": BOTH + BOOTSTRAP + "log.dirs={directory}/voter\n",
    "joining.properties": BOTH + BOOTSTRAP + "log.dirs={directory}/joining\n",
    "broker.properties": BOTH + VOTERS + "log.dirs={directory}/broker\n",
    "scram.properties": BOTH + VOTERS + "log.dirs={directory}/scram\n",
    "two.properties": BOTH + VOTERS + "log.dirs={directory}/one,{directory}/two\n",
}

REPLACED = [
    (r"/tmp/\w+/", "DIR/"),
    # Which Kafka 4.3 does not know.
    (", 4.4-IV1, 4.4-IV2", ""),
    (r"directory\.id=[\w-]{22}", "directory.id=ID"),
    (r"(?m)^[\w-]{22}$", "ID"),
]

NATIVE = [
    Native("storage random-uuid", r"^[\w-]{22}\n$", needs_server=False),
    Native("storage version-mapping --output json", r'"release_version": "4.3-IV0"',
           needs_server=False),
    Native("storage format -c {directory}/two.properties -t JEXY6aqzQY-32P5TStzaFg "
           "--ignore-formatted", needs_server=False),
    Native("storage info -c {directory}/two.properties", r"Cluster id: JEXY6aqzQY-32P5TStzaFg",
           needs_server=False),
    Native("storage info -c {directory}/nowhere.properties", stderr="nowhere.properties", exit=1,
           needs_server=False),
]
