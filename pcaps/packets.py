"""Builds IP packets in Ethernet frames for the cases of a gateway, and what a gateway makes of them."""

import struct

import frames
from frames import IPV4, IPV6, checksum, ethernet, icmp6, ip, mac, pseudo_header6

ICMP, UDP = 1, 17
ECHO, ECHO_REPLY = 8, 0
ECHO6, ECHO_REPLY6 = 128, 129
DONT_FRAGMENT, MORE_FRAGMENTS = 0x4000, 0x2000
DEFAULT_TTL = 64


def ipv4(src_ip, dst_ip, protocol, payload, ttl=DEFAULT_TTL, place=0, options=b'', ident=0, tos=0):
    """`place`: flags and offset, as the header has them. Options fill whole words."""
    words = 5 + len(options) // 4
    head = struct.pack('!BBHHHBBH', 0x40 | words, tos, 4 * words + len(payload), ident, place, ttl, protocol, 0) + \
        ip(src_ip) + ip(dst_ip) + options
    return head[:10] + struct.pack('!H', checksum(head)) + head[12:] + payload


def udp(text, size=0):
    """A UDP datagram without a checksum; `size`: octets of payload, filled up with zeros."""
    data = text.encode().ljust(size, b'\0')
    return struct.pack('!HHHH', 4000, 4000, 8 + len(data), 0) + data


def udp4(src, dst, src_ip, dst_ip, text, size=0, **head):
    return ethernet(src, dst, IPV4, ipv4(src_ip, dst_ip, UDP, udp(text, size), **head))


def udp6(src, dst, src_ip, dst_ip, text, size=0, hops=DEFAULT_TTL):
    datagram = udp(text, size)
    total = checksum(pseudo_header6(src_ip, dst_ip, UDP, len(datagram)) + datagram) or 0xFFFF
    datagram = datagram[:6] + struct.pack('!H', total) + datagram[8:]
    return ethernet(src, dst, IPV6, frames.ipv6(src_ip, dst_ip, UDP, hops, datagram))


def data(src, dst, src_ip, dst_ip, text, **more):
    """UDP of the addresses' family."""
    return (udp6 if ':' in dst_ip else udp4)(src, dst, src_ip, dst_ip, text, **more)


def icmp4(kind, code, rest, payload=b''):
    message = struct.pack('!BBHI', kind, code, 0, rest) + payload
    return message[:2] + struct.pack('!H', checksum(message)) + message[4:]


def echo(src, dst, src_ip, dst_ip, text, reply=False):
    """An echo request or its reply, of the addresses' family."""
    rest = 0x12340001  # identifier and number
    if ':' in dst_ip:
        return icmp6(src, dst, src_ip, dst_ip, ECHO_REPLY6 if reply else ECHO6,
                     struct.pack('!I', rest) + text.encode(), hops=DEFAULT_TTL)
    message = icmp4(ECHO_REPLY if reply else ECHO, 0, rest, text.encode())
    return ethernet(src, dst, IPV4, ipv4(src_ip, dst_ip, ICMP, message))


def routed(frame, src, dst):
    """The frame, which has no tag, as the next router sends it: from `src` to `dst`, one hop older."""
    if frame[12:14] == struct.pack('!H', IPV6):
        return mac(dst) + mac(src) + frame[12:21] + bytes([frame[21] - 1]) + frame[22:]
    words = (frame[14] & 0xF) * 4
    head = frame[14:22] + bytes([frame[22] - 1]) + frame[23:24] + bytes(2) + frame[26:14 + words]
    head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
    return mac(dst) + mac(src) + frame[12:14] + head + frame[14 + words:]


def error(about, src, src_ip, kind, code=0, rest=0):
    """The ICMP error about a frame without a tag, to its sender (RFC 1812 section 4.3.2, RFC 4443 section 2.4)."""
    to, packet = frames.mac_text(about[6:12]), about[14:]
    if about[12:14] == struct.pack('!H', IPV6):
        return icmp6(src, to, src_ip, frames.ip_text(packet[8:24]), kind,
                     struct.pack('!I', rest) + packet[:1280 - 48], code=code, hops=DEFAULT_TTL)
    quoted = packet[:int.from_bytes(packet[2:4], 'big')][:576 - 28]
    message = icmp4(kind, code, rest, quoted)
    return ethernet(src, to, IPV4, ipv4(src_ip, frames.ip_text(packet[12:16]), ICMP, message, place=DONT_FRAGMENT,
                                        tos=0xC0))
