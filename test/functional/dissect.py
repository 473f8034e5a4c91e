"""Reads of a frame what statements about ARP, ND, IP and ICMP may name."""

import ipaddress
import struct

ARP_TYPES = (0x0806, 0x8035)
IPV4, IPV6 = 0x0800, 0x86DD
ICMP, ICMPV6 = 1, 58
SOLICITATIONS, ADVERTISEMENT = (133, 135), 136


def _ip(octets):
    return str(ipaddress.ip_address(octets))


def _sum(octets):
    """The Internet checksum (RFC 1071) over what contains its own: 0 where that is right."""
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack(f'!{len(octets) // 2}H', octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _arp(body):
    if len(body) < 28:
        return {}
    return {'op': body[7], 'sha': body[8:14].hex(':'), 'spa': _ip(body[14:18]),
            'tha': body[18:24].hex(':'), 'tpa': _ip(body[24:28])}


def _icmp(message, right):
    fields = {'icmp': f'{message[0]}/{message[1]}', 'icmp_mtu': int.from_bytes(message[6:8], 'big'),
              'checksums': 'right' if right else 'wrong'}
    return fields


def _nd(message):
    fields = {'target': _ip(message[8:24])}
    if message[0] == ADVERTISEMENT:
        fields['flags'] = ''.join(name for bit, name in ((0x80, 'R'), (0x40, 'S'), (0x20, 'O')) if message[4] & bit)
    if len(message) >= 32:
        fields['lla'] = message[26:32].hex(':')
    return fields


def _ipv4(body):
    words, total = (body[0] & 0xF) * 4, int.from_bytes(body[2:4], 'big')
    place = int.from_bytes(body[6:8], 'big')
    right = _sum(body[:words]) == 0
    fields = {'ip_src': _ip(body[12:16]), 'ip_dst': _ip(body[16:20]), 'ttl': body[8], 'protocol': body[9],
              'ip_length': total, 'df': bool(place & 0x4000), 'mf': bool(place & 0x2000),
              'offset': (place & 0x1FFF) * 8, 'checksums': 'right' if right else 'wrong'}
    message = body[words:total]
    if body[9] == ICMP and place & 0x1FFF == 0 and len(message) >= 8:
        fields |= _icmp(message, right and _sum(message) == 0)
    return fields


def _ipv6(body):
    length = int.from_bytes(body[4:6], 'big')
    fields = {'ip_src': _ip(body[8:24]), 'ip_dst': _ip(body[24:40]), 'ttl': body[7], 'protocol': body[6],
              'ip_length': 40 + length}
    message = body[40:40 + length]
    if body[6] == ICMPV6 and len(message) >= 8:
        pseudo = body[8:40] + struct.pack('!II', length, ICMPV6)
        fields |= _icmp(message, _sum(pseudo + message) == 0)
        if message[0] in (*SOLICITATIONS, ADVERTISEMENT) and len(message) >= 24:
            fields |= _nd(message)
    return fields


def dissect(ether_type, body):
    """The fields by name; those that the frame does not have are absent."""
    if ether_type in ARP_TYPES:
        return _arp(body)
    if ether_type == IPV4 and len(body) >= 20:
        return _ipv4(body)
    if ether_type == IPV6 and len(body) >= 40:
        return _ipv6(body)
    return {}
