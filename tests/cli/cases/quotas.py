# SPDX-License-Identifier: Apache-2.0
from case import Native

NATIVE = [
    Native("quotas list", r"^$"),
    Native("quotas set --user alice --producer-byte-rate 1048576", r"alice +- +- +1048576\.00 "),
    Native("quotas set --user alice --client app --request-percentage 50", r"alice +app +- "),
    Native("quotas set --client '(default)' --consumer-byte-rate 10", r"- +\(default\) +- "),
    Native("quotas list --user alice --output json", r'"producer_byte_rate": 1048576'),
    Native("quotas list", r"^USER +CLIENT-ID +IP (?s:.*)- +\(default\) +-(?s:.*)alice +app +- "),
    Native("quotas delete --user alice --producer-byte-rate"),
    Native("quotas delete --user alice", stderr="no such quotas", exit=1),
    Native("quotas set --ip 127.0.0.1 --connection-creation-rate 5", r"127\.0\.0\.1"),
    Native("quotas delete --ip 127.0.0.1"),
    Native("quotas set --user alice", stderr="--producer-byte-rate 1048576", exit=1),
    Native("quotas set --producer-byte-rate 1", stderr="Name whose quotas", exit=1),
    Native("quotas set --user alice --producer-byte-rate much", stderr="'much'", exit=1),
    Native("quotas", stderr="one of list, set and delete", exit=1),
]
