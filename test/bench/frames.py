"""Captures of frames that scenarios play: Ethernet II, 60 octets each."""

import pathlib
import struct

BROADCAST = bytes(6 * [0xFF])
UNKNOWN = 0x88B5  # a local experimental EtherType: nothing to look at
ARP = 0x0806
IPV4 = 0x0800
REQUEST, REPLY = 1, 2

_PCAP_HEADER = struct.pack('<IHHiIII', 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_RECORD = struct.pack('<IIII', 0, 0, 60, 60)


def mac(group, host):
    return struct.pack('>BBI', 0x02, group, host)


def text(octets):
    return octets.hex(':')


def data(dst, src):
    return dst + src + struct.pack('>H', UNKNOWN) + bytes(46)


def arp(dst, src, operation, sender_ip, target_ip):
    target = bytes(6) if operation == REQUEST else dst
    body = struct.pack('>HHBBH', 1, 0x0800, 6, 4, operation) + src + sender_ip + target + target_ip
    return dst + src + struct.pack('>H', ARP) + body + bytes(18)


def ipv4(dst, src, source_ip, target_ip):
    """An empty UDP datagram, TTL 64."""
    header = struct.pack('>BBHHHBBH', 0x45, 0, 46, 0, 0, 64, 17, 0) + source_ip + target_ip
    total = sum(struct.unpack('>10H', header))
    total = (total & 0xFFFF) + (total >> 16)
    header = header[:10] + struct.pack('>H', ~(total + (total >> 16)) & 0xFFFF) + header[12:]
    return dst + src + struct.pack('>H', IPV4) + header + struct.pack('>HHHH', 7, 7, 26, 0) + bytes(18)


def ip(group, host):
    """An address of 10.0.0.0/8; up to 65,536 hosts a group."""
    return struct.pack('>BBH', 10, group, host)


def write(path, frames):
    """Writes a pcap, which appears when it is complete."""
    part = pathlib.Path(f'{path}.part')
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open('wb') as out:
        out.write(_PCAP_HEADER)
        for frame in frames:
            out.write(_RECORD + frame)
    part.rename(path)
