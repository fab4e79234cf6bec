# SPDX-License-Identifier: Apache-2.0
"""Questions about access and tokens, asked of a server without an authorizer on a connection that
authenticates nobody.
"""

from case import case

ANY, LITERAL, MATCH, TOPIC, CLUSTER = 1, 3, 2, 2, 4


def acl_filter(version, **fields):
    shape = {"ResourceTypeFilter": ANY, "ResourceNameFilter": None, "PrincipalFilter": None,
             "HostFilter": None, "Operation": ANY, "PermissionType": ANY}
    if version >= 1:
        shape["PatternTypeFilter"] = ANY
    return {**shape, **fields}


def acl(**fields):
    return {"ResourceType": TOPIC, "ResourceName": "t", "Principal": "User:k", "Host": "*",
            "Operation": 3, "PermissionType": 3, **fields}


@case
def describe_acls(talk):
    for version in (1, 2, 3):
        talk.ask(f"all v{version}", "DescribeAcls", version, acl_filter(version))
        talk.ask(f"one topic's v{version}", "DescribeAcls", version, acl_filter(
            version, ResourceTypeFilter=TOPIC, ResourceNameFilter="t", PatternTypeFilter=MATCH))
    for field in ("ResourceTypeFilter", "PatternTypeFilter", "Operation", "PermissionType"):
        for value in (0, 99, -1):
            talk.ask(f"{field} {value}", "DescribeAcls", 3, acl_filter(3, **{field: value}))
    talk.ask("a principal without a type", "DescribeAcls", 3, acl_filter(3, PrincipalFilter="k"))


@case
def create_acls(talk):
    for version in (1, 2, 3):
        talk.ask(f"two v{version}", "CreateAcls", version, {"Creations": [
            acl(), acl(ResourceType=CLUSTER, ResourceName="kafka-cluster")]})
    talk.ask("none", "CreateAcls", 3, {"Creations": []})
    talk.ask("a wrong cluster", "CreateAcls", 3, {"Creations": [acl(ResourceType=CLUSTER)]})
    talk.ask("no name", "CreateAcls", 3, {"Creations": [acl(ResourceName="")]})
    for field in ("ResourceType", "ResourcePatternType", "Operation", "PermissionType"):
        for value in (0, 1, 99):
            talk.ask(f"{field} {value}", "CreateAcls", 3, {"Creations": [acl(**{field: value})]})


@case
def delete_acls(talk):
    for version in (1, 2, 3):
        talk.ask(f"all v{version}", "DeleteAcls", version, {"Filters": [acl_filter(version)] * 2})
    talk.ask("none", "DeleteAcls", 3, {"Filters": []})
    for field in ("ResourceTypeFilter", "PatternTypeFilter", "Operation", "PermissionType"):
        for value in (0, 99):
            talk.ask(f"{field} {value}", "DeleteAcls", 3,
                     {"Filters": [acl_filter(3, **{field: value})]})


@case
def delegation_tokens(talk):
    for version in (1, 2, 3):
        talk.ask(f"create v{version}", "CreateDelegationToken", version, {"MaxLifetimeMs": -1})
        talk.ask(f"describe v{version}", "DescribeDelegationToken", version, {"Owners": None})
        talk.ask(f"describe one's v{version}", "DescribeDelegationToken", version,
                 {"Owners": [{"PrincipalType": "User", "PrincipalName": "k"}]})
    for version in (1, 2):
        talk.ask(f"renew v{version}", "RenewDelegationToken", version, {"Hmac": b"h"})
        talk.ask(f"expire v{version}", "ExpireDelegationToken", version, {"Hmac": b""})
    for label, kind, name in (("another's", "User", "k"), ("of no name", "User", ""),
                              ("of a group", "Group", "g")):
        talk.ask(f"create {label}", "CreateDelegationToken", 3, {
            "OwnerPrincipalType": kind, "OwnerPrincipalName": name, "MaxLifetimeMs": 1000,
            "Renewers": [{"PrincipalType": "Group", "PrincipalName": "r"}]})
