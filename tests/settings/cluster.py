# SPDX-License-Identifier: Apache-2.0
"""What the cases of a server in a cluster have in common."""

import time

# Each server has a chroot of its own.
CLUSTER = {"zookeeper_connect": "{zookeeper}/{chroot}", "broker_id": "1"}
# With this a second server can't have the same settings.
REACHABLE_CLUSTER = {**CLUSTER, "listeners": "PLAINTEXT://127.0.0.1:{port}"}


def takes(seconds, work):
    """Whether it takes that long. On a busy machine it takes longer than the settings say: what a
    case compares must lie far below the seconds, or not below them at all."""
    begin = time.monotonic()
    work()
    return time.monotonic() - begin >= seconds
