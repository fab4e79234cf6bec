# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def acls(arguments, **special):
    return Case("kafka-acls", arguments, **special)


ALICE = "--allow-principal User:alice"
CASES = [
    acls("SERVER --list"),
    acls("SERVER --list --topic orders --resource-pattern-type prefixed"),
    acls("SERVER --list --principal User:alice"),
    acls(f"SERVER --add {ALICE} --operation Read --topic orders"),
    acls(f"SERVER --add {ALICE} --producer --consumer --topic orders --group billing"),
    acls(f"SERVER --add {ALICE} --producer --topic orders --idempotent --transactional-id t"),
    acls("SERVER --remove --topic orders --force"),
    acls(f"SERVER --remove {ALICE} --operation Read --cluster --force"),
    acls("SERVER --add --deny-principal User:bob --deny-host 10.0.0.0/8 --operation Write --topic "
         "o --resource-pattern-type prefixed"),
    acls("SERVER --add --operation Read --topic orders"),
    acls(f"SERVER --add {ALICE} --operation Read"),
    acls(f"SERVER --add {ALICE} --operation Read --topic orders --resource-pattern-type match"),
    acls(f"SERVER --add {ALICE} --operation Read --topic orders --resource-pattern-type odd"),
    acls(f"SERVER --add {ALICE} --operation IdempotentWrite --delegation-token token"),
    acls(f"SERVER --add {ALICE} --operation CreateTokens --user-principal User:bob"),
    acls("SERVER --add --allow-principal alice --operation Read --topic orders"),
    acls(f"SERVER --add {ALICE} --producer --operation Read --topic orders"),
    acls(f"SERVER --add {ALICE} --producer"),
    acls(f"SERVER --add {ALICE} --consumer --topic orders"),
    acls(f"SERVER --add {ALICE} --idempotent --topic orders"),
    acls(f"SERVER --add {ALICE} --topic orders --principal User:alice"),
    acls(f"SERVER --list {ALICE}"),
    acls("SERVER --list --add"),
    acls("SERVER"),
    acls("--list"),
    acls("SERVER --bootstrap-controller localhost:1 --list"),
    acls("SERVER --list --no-such-flag"),
    acls("SERVER --list --topic"),
]

NATIVE = [
    Native("acls list", stderr="No Authorizer is configured", exit=1),
    Native("acls remove --topic orders", r"delete all ACLs.*\(y/n\)", stdin="n\n"),
]



def sorted_list(found):
    return ", ".join(sorted(found[0].split(", ")))


REPLACED = [
    # Java prints where it happened, too.
    (r"(?m)^(\tat |Caused by|java\.|joptsimple\.|\t\.\.\. ).*\n", ""),
    (r"\n\n+$", "\n"),
    # In the order of a hash table, another one in each run.
    (r"(?<=operations \[)[A-Z_, ]+", sorted_list),
]
