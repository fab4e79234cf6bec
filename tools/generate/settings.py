# SPDX-License-Identifier: Apache-2.0
"""Reads schema/settings/*.toml and says what is wrong with them."""

import dataclasses
import tomllib

TYPES = ("boolean", "string", "short", "int", "long", "double", "list", "class", "password")
SCOPES = ("broker", "topic", "group", "client-metrics", "quota")
KINDS = ("current", "dynamic-only", "dropped", "pattern")
LIVES = ("read-only", "per-broker", "cluster-wide")
IMPORTANCES = ("high", "medium", "low")
STATUSES = ("honoured", "accepted", "refused")
NUMBERS = ("short", "int", "long", "double")


class SettingsError(Exception):
    pass


@dataclasses.dataclass
class Setting:
    """One key, as schema/README.md describes it."""
    name: str
    subject: str
    scope: str
    kind: str
    type: str
    importance: str
    status: str
    description: str
    unit: str = ""
    default: str | None = None
    range: str = ""
    live: str = "read-only"
    internal: bool = False
    until: str = ""
    synonyms: list = dataclasses.field(default_factory=list)
    entities: list = dataclasses.field(default_factory=list)
    harmless: list = dataclasses.field(default_factory=list)
    words: str = ""
    reason: str = ""


@dataclasses.dataclass
class Subject:
    """One file."""
    stem: str
    title: str
    order: int
    about: str
    settings: list


def read(directory):
    """The subjects of schema/settings, in the order of the page."""
    subjects = [parse(path.read_text(encoding="utf-8"), path.stem)
                for path in sorted(directory.glob("*.toml"))]
    seen = set()
    for setting in all_settings(subjects):
        identity = (setting.scope, setting.name)
        if identity in seen:
            raise SettingsError(f"{setting.name} is there twice for scope {setting.scope}")
        seen.add(identity)
    return sorted(subjects, key=lambda subject: subject.order)


def all_settings(subjects):
    return [setting for subject in subjects for setting in subject.settings]


def parse(text, stem):
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{stem}.toml: {error}") from error
    scope, kind = data.get("scope", "broker"), data.get("kind", "current")
    settings = []
    for name, entry in data["settings"].items():
        try:
            settings.append(_setting(name, stem, {"scope": scope, "kind": kind} | entry))
        except (SettingsError, TypeError) as error:
            raise SettingsError(f"{stem}.toml: {name}: {error}") from error
    return Subject(stem, data["title"], data["order"], data.get("about", ""), settings)


def _setting(name, stem, entry):
    # What gives a topic or a group its default is one list with the names of one thing.
    entry = dict(entry)
    if "from" in entry:
        entry["synonyms"] = entry.pop("from")
    if not entry.get("description", "").endswith("."):
        raise SettingsError("description says what the key does, in a sentence")
    setting = Setting(name=name, subject=stem, **entry)
    for word, allowed in (("type", TYPES), ("scope", SCOPES), ("kind", KINDS), ("live", LIVES),
                          ("importance", IMPORTANCES), ("status", STATUSES)):
        if getattr(setting, word) not in allowed:
            raise SettingsError(f"{word} is one of {', '.join(allowed)}")
    if setting.default is not None and not isinstance(setting.default, str):
        raise SettingsError("default is text, as Kafka prints it")
    if bool(setting.unit) != (setting.type in NUMBERS):
        raise SettingsError("a number has a unit, and nothing else has one")
    if bool(setting.harmless) != bool(setting.reason):
        raise SettingsError("harmless values and the reason why others are refused go together")
    return setting
