#!/usr/bin/python3
"""Write the seeds of the capture fuzz target, corpus/capture/NAME: one small capture a file.

Every seed is made here from its fields, so that a reader can see what it is. Run it again after
a change; it replaces the seeds that it names and leaves others alone.
"""

import pathlib
import struct

MICROSECONDS, NANOSECONDS = 0xA1B2C3D4, 0xA1B23C4D
ETHERNET = 1
FRAME = bytes.fromhex("ffffffffffff5254000000020806") + bytes(range(7))


def pcap(order, magic, *records):
    header = struct.pack(order + "IHHQII", magic, 2, 4, 0, 262144, ETHERNET)
    return header + b"".join(records)


def record(order, seconds, fraction, frame, original=None):
    lengths = len(frame), original or len(frame)
    return struct.pack(order + "IIII", seconds, fraction, *lengths) + frame


def padded(octets):
    return octets + bytes(-len(octets) % 4)


def block(order, kind, body):
    total = struct.pack(order + "I", len(padded(body)) + 12)
    return struct.pack(order + "I", kind) + total + padded(body) + total


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + padded(value)


def section(order):
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order, name, *options, snaplen=0):
    fixed = struct.pack(order + "HHI", ETHERNET, 0, snaplen)
    return block(order, 1, fixed + option(order, 2, name) + b"".join(options))


def enhanced(order, index, stamp, frame, original=None):
    lengths = len(frame), original or len(frame)
    fixed = struct.pack(order + "IIIII", index, stamp >> 32, stamp & 0xFFFFFFFF, *lengths)
    return block(order, 6, fixed + frame)


def obsolete(order, index, stamp, frame):
    stamps = stamp >> 32, stamp & 0xFFFFFFFF
    fixed = struct.pack(order + "HHIIII", index, 0, *stamps, len(frame), len(frame))
    return block(order, 2, fixed + frame)


def simple(order, frame, original):
    return block(order, 3, struct.pack(order + "I", original) + frame)


def many_kinds(order):
    return b"".join([
        section(order),
        interface(order, b"p1", snaplen=len(FRAME)),
        interface(order, b"p2", option(order, 9, b"\x09"), option(order, 0, b"")),
        enhanced(order, 0, 5_000_000, FRAME),
        enhanced(order, 1, 5_000_000_001, FRAME, 1514),
        simple(order, FRAME, 1514),
        block(order, 5, struct.pack(order + "III", 0, 0, 0)),
        obsolete(order, 1, 4_000_000_000, FRAME),
    ])


def binary_stamps(order):
    offset = option(order, 14, struct.pack(order + "q", -2))
    return b"".join([
        section(order),
        interface(order, b"p1", option(order, 9, b"\x8a"), offset),
        enhanced(order, 0, 5 << 10, FRAME),
    ])


def seeds():
    for order, name in (("<", "little"), (">", "big")):
        records = record(order, 5, 7, FRAME), record(order, 4, 9, FRAME, 1514)
        yield f"pcap-micro-{name}", pcap(order, MICROSECONDS, *records)
        yield f"pcap-nano-{name}", pcap(order, NANOSECONDS, *records)
        yield f"pcapng-{name}", many_kinds(order)
        yield f"pcapng-binary-stamps-{name}", binary_stamps(order)
    yield "pcap-empty", pcap("<", NANOSECONDS)
    yield "pcapng-two-sections", many_kinds("<") + binary_stamps(">")
    yield "pcapng-cut", many_kinds("<")[:-10]


def main():
    corpus = pathlib.Path(__file__).parent / "corpus" / "capture"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, octets in seeds():
        (corpus / name).write_bytes(octets)


if __name__ == "__main__":
    main()
