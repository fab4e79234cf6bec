# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def transactions(arguments, **special):
    return Case("kafka-transactions", arguments, **special)


CASES = [
    Case("kafka-topics", "SERVER --create --topic one"),
    transactions("SERVER list"),
    transactions("SERVER list --duration-filter 1000"),
    transactions("SERVER list --transactional-id-pattern a.*"),
    transactions("SERVER list --transactional-id-pattern a["),
    transactions("SERVER describe --transactional-id nope"),
    transactions("SERVER describe-producers --topic one --partition 0"),
    transactions("SERVER describe-producers --topic one --partition 0 --broker-id 1"),
    transactions("SERVER find-hanging --topic one"),
    transactions("SERVER find-hanging --topic one --partition 0 --max-transaction-timeout 1"),
    transactions("SERVER find-hanging --broker-id 1"),
    transactions("SERVER find-hanging"),
    transactions("SERVER find-hanging --broker-id 1 --partition 0"),
    transactions("SERVER abort --topic one --partition 0 --start-offset 5"),
    transactions("SERVER abort --topic one --partition 0"),
    transactions("SERVER abort --topic one --partition 0 --producer-id 1"),
    transactions("SERVER abort --topic one --partition 0 --producer-id 1 --producer-epoch 1"),
]

# Kafka's coordinator makes its topic when it is first asked for, and lists it then.
NATIVE = [
    Native("transactions list --output json", r"\A\[\]\n\Z"),
    Native("transactions describe-producers --topic one --partition 0 --output json", r"\[\]"),
    Native("SERVER", stderr="too few arguments", exit=1, program="kafka-transactions"),
    Native("SERVER lst", stderr="invalid choice: 'lst'", exit=1, program="kafka-transactions"),
    Native("SERVER describe", stderr="argument --transactional-id is required", exit=1,
           program="kafka-transactions"),
    Native("list", stderr="argument --bootstrap-server is required", exit=1,
           program="kafka-transactions", needs_server=False),
    Native("SERVER forceTerminateTransaction --transactionalId x", stderr="Failed to force "
           "terminate transactionalId `x`: .*", exit=1, program="kafka-transactions"),
]
