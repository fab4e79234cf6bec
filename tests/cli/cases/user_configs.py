# SPDX-License-Identifier: Apache-2.0
from case import Case


def configs(arguments, **special):
    return Case("kafka-configs", arguments, **special)


CASES = [
    configs("SERVER --describe --entity-type users"),
    configs("SERVER --alter --user alice --add-config "
            "producer_byte_rate=1024,consumer_byte_rate=20000000"),
    configs("SERVER --alter --entity-type users --entity-name alice --entity-type clients "
            "--entity-name app --add-config request_percentage=0.5"),
    configs("SERVER --alter --user-defaults --add-config controller_mutation_rate=10"),
    configs("SERVER --alter --entity-type clients --entity-default --add-config "
            "producer_byte_rate=1"),
    configs("SERVER --describe --user alice"),
    configs("SERVER --describe --entity-type users", unordered=True),
    configs("SERVER --describe --entity-type users --entity-type clients"),
    configs("SERVER --describe --client-defaults"),
    configs("SERVER --alter --user alice --delete-config request_percentage"),
    configs("SERVER --alter --user alice --delete-config producer_byte_rate,consumer_byte_rate"),
    configs("SERVER --describe --user alice"),
    configs("SERVER --alter --user alice --add-config retention.ms=1"),
    configs("SERVER --alter --user alice --delete-config retention.ms"),
    configs("SERVER --alter --client app --add-config SCRAM-SHA-256=[password=x]"),
    configs("SERVER --alter --user alice --add-config producer_byte_rate=many"),
    configs("SERVER --alter --user alice --add-config producer_byte_rate=-1"),
    configs("SERVER --alter --entity-type users --add-config producer_byte_rate=1"),
    configs("SERVER --alter --user alice --add-config "
            "SCRAM-SHA-256=[iterations=8192,password=alice-secret]"),
    configs("SERVER --alter --user alice --add-config SCRAM-SHA-512=[password=alice-secret]"),
    configs("SERVER --alter --user alice --add-config "
            "SCRAM-SHA-256=[password=x],SCRAM-SHA-512=[password=x]"),
    configs("SERVER --describe --user alice"),
    configs("SERVER --alter --user alice --delete-config SCRAM-SHA-512"),
    configs("SERVER --describe --entity-type users", unordered=True),
    configs("SERVER --describe --user nobody"),
    configs("SERVER --alter --user nobody --delete-config SCRAM-SHA-256"),
    configs("SERVER --alter --user alice --add-config SCRAM-SHA-256=[iterations=1,password=x]"),
    configs("SERVER --alter --user alice --add-config SCRAM-SHA-256=[secret]"),
    configs("SERVER --alter --user alice --add-config "
            "SCRAM-SHA-256=[iterations=20000,password=x]"),
    configs("SERVER --alter --user alice --add-config "
            "SCRAM-SHA-256=[password=x],producer_byte_rate=1"),
    configs("SERVER --alter --user-defaults --add-config SCRAM-SHA-256=[password=x]"),
    configs("SERVER --alter --ip 127.0.0.1 --add-config connection_creation_rate=100"),
    configs("SERVER --alter --ip-defaults --add-config connection_creation_rate=50"),
    configs("SERVER --describe --entity-type ips", unordered=True),
    configs("SERVER --describe --ip 127.0.0.1"),
    configs("SERVER --alter --ip 127.0.0.1 --add-config producer_byte_rate=100"),
    configs("SERVER --alter --ip 127.0.0.1 --delete-config connection_creation_rate"),
    configs("SERVER --describe --ip 127.0.0.1"),
]

# In whatever order the server keeps them.
REPLACED = [
    ("SCRAM-SHA-512=iterations=4096, SCRAM-SHA-256=iterations=8192",
     "SCRAM-SHA-256=iterations=8192, SCRAM-SHA-512=iterations=4096"),
]
