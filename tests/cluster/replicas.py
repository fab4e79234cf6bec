# SPDX-License-Identifier: Apache-2.0
"""What lies in the files of a partition's replicas, read without the help of any server."""

import struct

HEADER = struct.Struct(">qii")  # base offset, length behind it, leader epoch
BEHIND_LENGTH = 12


def batches(directory):
    """base offset → the batch's bytes, of one replica's segments, up to the first that is not
    whole."""
    found = {}
    for segment in sorted(directory.glob("*.log")):
        data = segment.read_bytes()
        place = 0
        while place + HEADER.size <= len(data):
            base_offset, length, _ = HEADER.unpack_from(data, place)
            end = place + BEHIND_LENGTH + length
            if length <= 0 or end > len(data):
                break
            found[base_offset] = data[place:end]
            place = end
    return found


def differences(replicas):
    """`replicas`: name → batches(). Sentences about what is not byte-equal over the range that
    each two of them hold."""
    sentences = []
    names = list(replicas)
    for one, other in zip(names, names[1:]):
        first, second = replicas[one], replicas[other]
        if not first or not second:
            sentences.append(f"{one} holds {len(first)} batches, {other} {len(second)}")
            continue
        start = max(min(first), min(second))
        left = {offset: data for offset, data in first.items() if offset >= start}
        right = {offset: data for offset, data in second.items() if offset >= start}
        if left == right:
            continue
        wrong = min(offset for offset in left.keys() | right.keys()
                    if left.get(offset) != right.get(offset))
        sentences.append(f"{one} and {other} differ from offset {wrong} on: "
                         f"{describe(left.get(wrong))} and {describe(right.get(wrong))}; they end "
                         f"at {max(left)} and {max(right)}")
    return sentences


def describe(batch):
    if batch is None:
        return "nothing"
    base_offset, length, epoch = HEADER.unpack_from(batch)
    return f"a batch at {base_offset} of {length} bytes of epoch {epoch}"
