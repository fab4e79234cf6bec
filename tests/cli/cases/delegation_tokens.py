# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def tokens(arguments, **special):
    return Case("kafka-delegation-tokens", arguments, **special)


CONFIG = "--command-config {directory}/client.properties"
CASES = [
    tokens(f"SERVER {CONFIG} --create --max-life-time-period -1"),
    tokens(f"SERVER {CONFIG} --create --max-life-time-period 1000 --renewer-principal User:bob "
           "--owner-principal User:alice"),
    tokens(f"SERVER {CONFIG} --renew --hmac YWJj --renew-time-period -1"),
    tokens(f"SERVER {CONFIG} --expire --hmac YWJj --expiry-time-period -1"),
    tokens(f"SERVER {CONFIG} --describe"),
    tokens(f"SERVER {CONFIG} --describe --owner-principal User:alice"),
    tokens(f"SERVER {CONFIG} --create"),
    tokens(f"SERVER {CONFIG} --renew --renew-time-period -1"),
    tokens(f"SERVER {CONFIG} --expire --hmac YWJj"),
    tokens(f"SERVER {CONFIG} --create --describe"),
    tokens(f"SERVER {CONFIG} --describe --hmac YWJj"),
    tokens(f"SERVER {CONFIG} --create --max-life-time-period -1 --hmac YWJj"),
    tokens(f"SERVER {CONFIG}"),
    tokens("SERVER --describe"),
    tokens(f"{CONFIG} --describe"),
]

FILES = {"client.properties": "client.id=operator\n"}

NATIVE = [Native("delegation-tokens describe", stderr="Delegation Token", exit=1)]
