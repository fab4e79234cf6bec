# SPDX-License-Identifier: Apache-2.0
"""Keys of many kinds, the same ones in each run, and where the Java producer puts them."""

import random
from pathlib import Path

PARTITIONS = 7
HERE = Path(__file__).parent
RECORDED = HERE / "partitions.txt"  # a digit for each key


def keys():
    chance = random.Random(2)
    texts = ["", " ", "a", "key", "ключ", "鍵", "🗝", "e\u0301", "\x01\x7f"]
    texts += [str(number) for number in range(1000)]
    texts += [f"user-{number:08d}" for number in range(1000)]
    letters = "abcdefghijklmnopqrstuvwxyzäöüßéñøλжшあ中文字🙂ABC0123456789 .-_/:"
    for _ in range(1500):
        texts.append("".join(chance.choices(letters, k=chance.randrange(1, 60))))
    # Each length modulo four has a path of its own in the hash.
    texts += ["x" * length for length in range(1, 200)]
    texts += ["é" * length for length in (1000, 4001, 20000)]
    return list(dict.fromkeys(texts))


def recorded():
    return [int(digit) for digit in RECORDED.read_text().replace("\n", "")]
