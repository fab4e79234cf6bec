# SPDX-License-Identifier: Apache-2.0
"""kill -9 under idempotent load: after each restart nothing acknowledged is lost, nothing doubled
or reordered.
"""

from harness.programmes import Programme

ROUNDS = ("kill", "stop", "kill")  # how the server goes down; it comes up again each time
CLIENTS = ("java", "go")


def run(results, logs, server, clients=CLIENTS):
    """Each client writes and counts; `PROGRESS` comes after every so many acknowledged records."""
    loads = [
        Programme(results, logs, client, server.bootstrap, f"kill-{client}", "kill-load")
        for client in clients
    ]
    for way in ROUNDS:
        for load in loads:
            progress(load)
        server.kill() if way == "kill" else server.stop()
        server.start()
        for load in loads:
            load.tell("restarted")
    for load in loads:
        progress(load)
        load.tell("finish")
    for load in loads:
        load.finish()


def progress(load):
    for line in load.lines():
        if line == "PROGRESS":
            return
