#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds every #include under src/ against the rooms' lists in src/CMakeLists.txt.

- A file includes its own room and the rooms that its room USES, nothing else.
- The pure rooms reach none of the rooms that touch the world, not even through others.
- Asio stays in the places that own an event loop.
- The rooms' table in ARCHITECTURE.md says the same as src/CMakeLists.txt, and src/ has no other
  folders.
"""

import re
import sys
from pathlib import Path

PURE_ROOMS = {"machine", "metadata", "coordinator", "security"}
WORLD_ROOMS = {"env", "log", "net"}
ASIO_PLACES = ("env/linux/", "net/")

ROOM = re.compile(r"^room\(([^)]*)\)", re.M)
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^">]+)[">]', re.M)
TABLE_ROW = re.compile(r"^\|[^|]*\|\s*`(\w+)`\s*\|[^|]*\|\s*([^|]*?)\s*\|\s*$", re.M)


def read_rooms(text):
    """Maps each room of a src/CMakeLists.txt to the list of rooms that it uses, in order."""
    rooms = {}
    for arguments in ROOM.findall(text):
        name, *rest = arguments.split()
        uses = rest[rest.index("USES") + 1:] if "USES" in rest else []
        rooms[name] = uses[:uses.index("LIBRARIES")] if "LIBRARIES" in uses else uses
    return rooms


def read_table(text):
    """The same from the table in ARCHITECTURE.md: | floor | `room` | what | uses |."""
    return {name: [word for word in uses.split() if word.isalpha()]
            for name, uses in TABLE_ROW.findall(text)}


def read_files(src):
    """Maps each C++ file below `src`, by its path from there, to its includes as (kind, path)."""
    return {str(path.relative_to(src)): INCLUDE.findall(path.read_text())
            for path in sorted(src.rglob("*")) if path.suffix in (".cc", ".h")}


def check_include(rooms, name, kind, included):
    room = name.split("/")[0]
    if kind == "<":
        if included.startswith("boost/asio") and not name.startswith(ASIO_PLACES):
            return f"{name}: <{included}>: Asio stays in {' and '.join(ASIO_PLACES)}"
        return None
    target = included.split("/")[0]
    if "/" not in included or target not in rooms:
        return f'{name}: "{included}" is not a path from src/ into a room'
    if target != room and target not in rooms[room]:
        return f'{name}: "{included}": room {room} does not list {target} (src/CMakeLists.txt)'
    return None


def reached(rooms, room):
    """Every room that `room` uses, directly or through others."""
    seen, pending = set(), list(rooms[room])
    while pending:
        used = pending.pop()
        if used not in seen:
            seen.add(used)
            pending += rooms.get(used, [])
    return seen


def reached_files(files, start):
    """Every file of src/ that `start` includes, directly or through others, with its way."""
    ways, pending = {start: [start]}, [start]
    while pending:
        name = pending.pop()
        for kind, included in files.get(name, []):
            if kind == '"' and included not in ways:
                ways[included] = ways[name] + [included]
                pending.append(included)
    return ways


def check_rooms(rooms):
    known = set()
    for room, uses in rooms.items():
        for used in uses:
            if used not in known:
                yield f"room {room} uses {used}, which does not lie below it"
        known.add(room)
    for room in sorted(PURE_ROOMS & rooms.keys()):
        for world in sorted(reached(rooms, room) & WORLD_ROOMS):
            yield f"room {room} is pure, but reaches {world} by the rooms that it uses"


def check_files(rooms, files):
    for name, includes in files.items():
        room = name.split("/")[0]
        if "/" in name and room not in rooms:
            yield f"{name}: {room} is not a room of src/CMakeLists.txt"
            continue
        for kind, included in includes:
            problem = check_include(rooms, name, kind, included)
            if problem:
                yield problem
        if room in PURE_ROOMS:
            for target, way in reached_files(files, name).items():
                if target.split("/")[0] in WORLD_ROOMS:
                    yield f"{name}: room {room} is pure, but reaches {' -> '.join(way[1:])}"


def check_table(rooms, table):
    if list(table) != list(rooms):
        yield (f"ARCHITECTURE.md lists the rooms {' '.join(table)}; "
               f"src/CMakeLists.txt has {' '.join(rooms)}")
    for room, uses in table.items():
        if room in rooms and set(uses) != set(rooms[room]):
            yield (f"ARCHITECTURE.md: {room} may use {' '.join(uses) or 'nothing'}; "
                   f"src/CMakeLists.txt says {' '.join(rooms[room]) or 'nothing'}")


def check_tree(root):
    src = root / "src"
    rooms = read_rooms((src / "CMakeLists.txt").read_text())
    table = read_table((root / "ARCHITECTURE.md").read_text())
    return [*check_rooms(rooms), *check_files(rooms, read_files(src)), *check_table(rooms, table)]


def main():
    problems = check_tree(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
