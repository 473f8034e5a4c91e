#!/usr/bin/python3
"""Write the seed inputs of the fuzz targets: corpus/TARGET/NAME, one frame or message a file.

Every seed is made here from its fields, so that a reader can see what it is. Run it again after
a change; it replaces the seeds that it names and leaves others alone.
"""

import hashlib
import hmac
import ipaddress
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "pcaps"))
import dhcp  # noqa: E402  (found by the line above)

VM, PEER, BROADCAST = "525400000002", "525400000001", "ffffffffffff"
VM4, PEER4, NO4 = "10.9.0.2", "10.9.0.1", "0.0.0.0"
VM6, PEER6 = "fe80::5054:ff:fe00:2", "fe80::5054:ff:fe00:1"
ARP, RARP, IPV4, IPV6 = 0x0806, 0x8035, 0x0800, 0x86DD
UDP, ICMPV6 = 17, 58
FORGET_KEY = bytes(range(32))


def packed(ip):
    return ipaddress.ip_address(ip).packed


def checksum(octets):
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(dst, src, ether_type, payload, tags=()):
    header = bytes.fromhex(dst + src)
    for tpid, tci in tags:
        header += struct.pack("!HH", tpid, tci)
    return header + struct.pack("!H", ether_type) + payload


def arp(op, sha, spa, tha, tpa):
    fixed = struct.pack("!HHBBH", 1, IPV4, 6, 4, op)
    return fixed + bytes.fromhex(sha) + packed(spa) + bytes.fromhex(tha) + packed(tpa)


def ipv4(src, dst, protocol, payload):
    total = 20 + len(payload)
    head = struct.pack("!BBHHHBBH", 0x45, 0, total, 0, 0x4000, 64, protocol, 0)
    head += packed(src) + packed(dst)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(src, dst, next_header, payload, hop_limit=255):
    fixed = struct.pack("!IHBB", 6 << 28, len(payload), next_header, hop_limit)
    return fixed + packed(src) + packed(dst) + payload


def icmpv6(src, dst, kind, body, hop_limit=255):
    message = struct.pack("!BBH", kind, 0, 0) + body
    pseudo = packed(src) + packed(dst) + struct.pack("!II", len(message), ICMPV6)
    message = message[:2] + struct.pack("!H", checksum(pseudo + message)) + message[4:]
    return ipv6(src, dst, ICMPV6, message, hop_limit)


def udp(src_port, dst_port, payload):
    return struct.pack("!HHHH", src_port, dst_port, 8 + len(payload), 0) + payload


def option(kind, mac):
    return struct.pack("!BB", kind, 1) + bytes.fromhex(mac)


def advertisement(dst, flags, options):
    body = struct.pack("!I", flags << 24) + packed(VM6) + options
    return icmpv6(VM6, dst, 136, body)


def solicitation(src, dst, target, options):
    return icmpv6(src, dst, 135, bytes(4) + packed(target) + options)


def packet_seeds():
    zero = "000000000000"
    garp = arp(1, VM, VM4, zero, VM4)
    na = advertisement("ff02::1", 0x20, option(2, VM))
    yield "qemu-rarp", ethernet(BROADCAST, VM, RARP, arp(3, VM, NO4, VM, NO4) + bytes(18))
    yield "garp-request", ethernet(BROADCAST, VM, ARP, garp)
    yield "garp-reply", ethernet(BROADCAST, VM, ARP, arp(2, VM, VM4, VM, VM4))
    yield "arp-request", ethernet(BROADCAST, VM, ARP, arp(1, VM, VM4, zero, PEER4))
    yield "arp-reply", ethernet(PEER, VM, ARP, arp(2, VM, VM4, PEER, PEER4))
    yield "arp-probe", ethernet(BROADCAST, VM, ARP, arp(1, VM, NO4, zero, VM4))
    yield "garp-tagged", ethernet(BROADCAST, VM, ARP, garp, [(0x8100, 10)])
    yield "garp-qinq", ethernet(BROADCAST, VM, ARP, garp, [(0x88A8, 100), (0x8100, 10)])
    yield "tag-cut-short", ethernet(BROADCAST, VM, 0x8100, b"\0")
    yield "na-unsolicited", ethernet("333300000001", VM, IPV6, na)
    yield "na-tagged", ethernet("333300000001", VM, IPV6, na, [(0x8100, 10)])
    yield "na-solicited", ethernet(PEER, VM, IPV6, advertisement(PEER6, 0x60, option(2, VM)))
    ns = solicitation(VM6, "ff02::1:ff00:1", PEER6, option(1, VM))
    yield "ns", ethernet("3333ff000001", VM, IPV6, ns)
    dad = solicitation("::", "ff02::1:ff00:2", VM6, option(14, "000102030405"))
    yield "dad", ethernet("3333ff000002", VM, IPV6, dad)
    rs = icmpv6(VM6, "ff02::2", 133, bytes(4) + option(1, VM))
    yield "rs", ethernet("333300000002", VM, IPV6, rs)
    data = udp(1234, 53, b"godwit")
    yield "udp4", ethernet(PEER, VM, IPV4, ipv4(VM4, PEER4, UDP, data))
    yield "udp6", ethernet(PEER, VM, IPV6, ipv6(VM6, PEER6, UDP, data, 64))
    yield "runt", bytes.fromhex(BROADCAST + VM)


def forget(reason, ips=(), magic=b"gdwF", version=1, mac=VM, padding=b""):
    v4, v6 = [ip for ip in ips if ":" not in ip], [ip for ip in ips if ":" in ip]
    counts = bytes([reason, len(v4), len(v6)])
    text = magic + bytes([version]) + counts + struct.pack("!QQQ", 1, 7, 1_700_000_000 * 10**9)
    text += struct.pack("!IIIH", 10, 1500, 0xCAFE, 0) + bytes.fromhex(mac)
    text += b"".join(map(packed, v4 + v6))
    return text + hmac.new(FORGET_KEY, text, hashlib.sha256).digest()[:16] + padding


def forget_seeds():
    yield "mac-alone", forget(1)
    yield "both-families", forget(2, [VM4, PEER4, VM6])
    yield "full", forget(3, [VM4] * 8 + [VM6] * 8)
    yield "padded", forget(4, [VM4], padding=bytes(30))
    yield "another-version", forget(1, version=2)
    yield "another-protocol", forget(1, magic=b"\0\1\0\2")
    yield "a-group", forget(1, mac=BROADCAST)
    yield "no-reason", forget(0)
    yield "cut", forget(1, [VM6])[:-1]


def dhcp_seeds():
    """Payloads of UDP."""
    client, address = "52:54:00:00:00:02", VM4
    lease = bytes([51, 4, 0, 0, 14, 16])
    overloaded = bytearray(dhcp.message(2, dhcp.ACK, 1, client, yiaddr=address, options=bytes([52, 1, 3])))
    overloaded[44:51] = lease + b"\xff"
    given = dhcp.message6(dhcp.REPLY, 0x123, client, "fd00:9::2", 600)
    yield "discover", dhcp.message(1, dhcp.DISCOVER, 1, client)
    yield "ack", dhcp.message(2, dhcp.ACK, 1, client, yiaddr=address, options=lease)
    yield "ack-overloaded", bytes(overloaded)
    yield "release", dhcp.message(1, dhcp.RELEASE, 2, client, ciaddr=address)
    yield "decline", dhcp.message(1, dhcp.DECLINE, 2, client, options=bytes([50, 4]) + packed(address))
    yield "solicit", dhcp.message6(dhcp.SOLICIT, 0x123, client)
    yield "reply", given
    yield "reply-refused", given[:4] + dhcp.option6(13, b"\0\2") + given[4:]
    yield "relay-reply", bytes([13, 0]) + bytes(32) + dhcp.option6(9, given)
    yield "relay-forward-twice", bytes([12, 1]) + bytes(32) + dhcp.option6(9, bytes([12, 0]) + bytes(32))


TARGETS = {"packet": packet_seeds, "dhcp": dhcp_seeds, "forget": forget_seeds}


def main():
    corpus = pathlib.Path(__file__).parent / "corpus"
    for target, seeds in TARGETS.items():
        (corpus / target).mkdir(parents=True, exist_ok=True)
        for name, octets in seeds():
            (corpus / target / name).write_bytes(octets)


if __name__ == "__main__":
    main()
