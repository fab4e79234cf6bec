# SPDX-License-Identifier: Apache-2.0
from case import HERE, Case, Native

LOG_FILES = HERE / "log_files" / "__cluster_metadata-0"
LOG = "00000000000000000000.log"
SNAPSHOT = next(path.name for path in LOG_FILES.glob("*.checkpoint"))


def shell(arguments, file=LOG):
    return Case("kafka-metadata-shell", f"--snapshot {{directory}}/__cluster_metadata-0/{file} "
                f"{arguments}")


FILES = {
    **{f"__cluster_metadata-0/{path.name}": path for path in sorted(LOG_FILES.iterdir())},
    "damaged-0/00000000000000000000.log": b"\x00" * 40 + (LOG_FILES / LOG).read_bytes()[40:],
}

CASES = [
    shell("tree image"),
    shell("find image"),
    shell("ls"),
    shell("ls image"),
    shell("ls image/topics/byName image/features"),
    shell("ls image/cluster/brokers/1 image/cluster"),
    shell("ls 'image/topics/*'"),
    shell("cat image/features/metadataVersion"),
    shell("cat image/topics/byName/plain/name image/producerIds/nextProducerId"),
    shell("cat 'image/topics/byName/{plain,txn}/0'"),
    shell("cat image/topics"),
    shell("cat image/nothing"),
    shell("cat 'image/topics/byName/t?n/name'"),
    shell("tree image/configs image/clientQuotas"),
    shell("tree image/nothing"),
    shell("find image/scram image/../image/cluster"),
    shell("find nothing"),
    shell("ls nothing"),
    shell("cat"),
    shell("nothing"),
    shell("pwd"),
    shell("cd image"),
    shell("history"),
    shell("help"),
    shell("l"),
]

# Kafka's shell waits for ever for a snapshot without records behind it.
NATIVE = [
    Native(f"metadata-shell {{directory}}/__cluster_metadata-0/{SNAPSHOT} --command 'tree image'",
           r"(?s)acls:\n.*SCRAM-SHA-256:\n.*byName:\n +__consumer_offsets:\n",
           needs_server=False),
    Native("metadata-shell {directory}/__cluster_metadata-0 --command 'cat "
           "image/topics/byName/plain/name'", r"\Aplain\n\Z", needs_server=False),
    Native(f"metadata-shell {{directory}}/__cluster_metadata-0/{LOG}",
           r"(?s)\[ Kafka Metadata Shell \].*/image\n.*byId\nbyName\n.*    1  pwd\n.*List metadata",
           stdin="cd image\npwd\nls topics\nhistory\nman ls\nexit\nls\n", needs_server=False),
    Native("metadata-shell {directory}/damaged-0/00000000000000000000.log --command ls",
           stderr="smaller than minimum record overhead", exit=1, needs_server=False),
    Native("metadata-shell {directory}/nowhere --command ls", stderr="nowhere", exit=1,
           needs_server=False),
]
