# SPDX-License-Identifier: Apache-2.0
from case import Case


def configs(arguments, **special):
    return Case("kafka-configs", arguments, **special)


CASES = [
    configs("SERVER --describe --entity-type client-metrics"),
    configs("SERVER --describe --client-metrics nope"),
    configs("SERVER --alter --client-metrics often --add-config interval.ms=1000,metrics=[a.,b.]"),
    configs("SERVER --describe --client-metrics often"),
    configs("SERVER --alter --client-metrics often --add-config interval.ms=1"),
    configs("SERVER --alter --client-metrics often --delete-config interval.ms,metrics"),
    configs("SERVER --describe --group nope"),
    configs("SERVER --alter --group readers --add-config consumer.session.timeout.ms=50000"),
    configs("SERVER --describe --entity-type groups"),
    configs("SERVER --alter --group readers --add-config consumer.session.timeout.ms=1"),
]
