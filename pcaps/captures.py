"""Reads and writes capture files: classic pcap in its four forms, and pcapng.

A record is (stamp in nanoseconds, octets captured, length on the wire).
"""

import struct

LINKTYPE_ETHERNET = 1
SNAPLEN = 262144
MICRO_MAGIC = 0xA1B2C3D4
NANO_MAGIC = 0xA1B23C4D
SECTION_HEADER = 0x0A0D0D0A
INTERFACE_DESCRIPTION = 1
ENHANCED_PACKET = 6
OPTION_NAME = 2
OPTION_RESOLUTION = 9


def pcap_bytes(records, nanosecond=False, order='<', linktype=LINKTYPE_ETHERNET):
    unit = 1 if nanosecond else 1000
    magic = NANO_MAGIC if nanosecond else MICRO_MAGIC
    parts = [struct.pack(order + 'IHHiIII', magic, 2, 4, 0, 0, SNAPLEN, linktype)]
    for stamp, octets, length in records:
        seconds, rest = divmod(stamp, 10**9)
        parts.append(struct.pack(order + 'IIII', seconds, rest // unit, len(octets), length) + octets)
    return b''.join(parts)


def _aligned(octets):
    return octets + bytes(-len(octets) % 4)


def _block(order, kind, body):
    length = struct.pack(order + 'I', len(body) + 12)
    return struct.pack(order + 'I', kind) + length + body + length


def _option(order, code, value):
    return struct.pack(order + 'HH', code, len(value)) + _aligned(value)


def pcapng_bytes(interfaces, records, order='<'):
    """`interfaces` are names, `records` are (interface's index, record); stamps are in nanoseconds."""
    parts = [_block(order, SECTION_HEADER, struct.pack(order + 'IHHq', 0x1A2B3C4D, 1, 0, -1))]
    for name in interfaces:
        options = _option(order, OPTION_NAME, name.encode()) + \
            _option(order, OPTION_RESOLUTION, b'\x09') + bytes(4)
        parts.append(_block(order, INTERFACE_DESCRIPTION,
                            struct.pack(order + 'HHI', LINKTYPE_ETHERNET, 0, SNAPLEN) + options))
    for index, (stamp, octets, length) in records:
        head = struct.pack(order + 'IIIII', index, stamp >> 32, stamp & 0xFFFFFFFF, len(octets), length)
        parts.append(_block(order, ENHANCED_PACKET, head + _aligned(octets)))
    return b''.join(parts)


def read_pcap(data):
    """The records of a classic pcap."""
    for order in '<>':
        magic, = struct.unpack_from(order + 'I', data)
        if magic in (MICRO_MAGIC, NANO_MAGIC):
            break
    else:
        raise ValueError('not a classic pcap')
    unit = 1 if magic == NANO_MAGIC else 1000
    records = []
    at = 24
    while at < len(data):
        seconds, rest, captured, length = struct.unpack_from(order + 'IIII', data, at)
        at += 16
        if at + captured > len(data):
            raise ValueError(f'cut off at octet {at}')
        records.append((seconds * 10**9 + rest * unit, data[at:at + captured], length))
        at += captured
    return records


def read_pcapng(data):
    """(interface's name, record) of every enhanced packet block, as pcapng_bytes() writes them."""
    order = '<' if data[8:12] == b'\x4d\x3c\x2b\x1a' else '>'
    names = []
    records = []
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from(order + 'II', data, at)
        if kind == INTERFACE_DESCRIPTION:
            _, length = struct.unpack_from(order + 'HH', data, at + 16)
            names.append(data[at + 20:at + 20 + length].decode())
        elif kind == ENHANCED_PACKET:
            index, high, low, captured, length = struct.unpack_from(order + 'IIIII', data, at + 8)
            octets = data[at + 28:at + 28 + captured]
            records.append((names[index], (high << 32 | low, octets, length)))
        at += size
    return records
