# SPDX-License-Identifier: Apache-2.0
"""What a case of static_cases_*.py is: a key, its values, and what each lets one observe.

    @effect("num.partitions", {"1": 1, "3": 3})
    def partitions_of_a_topic_made_without_a_number(node): …

For every value a server is started with it, and what the function returns must equal what stands
beside the value.
"""

import dataclasses

STATIC = []
# What an observation gives for a server that refuses to start.
NO_START = "does not start"


@dataclasses.dataclass(frozen=True)
class Effect:
    key: str
    expected: dict  # by value of the key; DEFAULT: the key is not set
    observe: object
    also: dict  # other settings, the same for every value

    @property
    def name(self):
        return f"{self.key}: {self.observe.__name__}"


DEFAULT = None


def effect(key, expected, **also):
    """`also` has underscores for dots."""
    settings = {name.replace("_", "."): value for name, value in also.items()}

    def keep(observe):
        assert len(set(map(repr, expected.values()))) > 1, f"{key}: nothing differs"
        STATIC.append(Effect(key, expected, observe, settings))
        return observe
    return keep
