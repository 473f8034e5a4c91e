"""Builds Ethernet frames for the cases: every function returns the octets of one frame, without FCS.

Addresses are text, as a reader writes them. Nothing is padded unless pad() is asked to: a frame that comes
straight from a guest may be shorter than the 60 octets of the wire.
"""

import ipaddress
import struct

BROADCAST = 'ff:ff:ff:ff:ff:ff'
ZERO_MAC = '00:00:00:00:00:00'
LLDP_GROUP = '01:80:c2:00:00:0e'

ARP = 0x0806
RARP = 0x8035
IPV4 = 0x0800
IPV6 = 0x86DD
VLAN_TAG = 0x8100
SERVICE_TAG = 0x88A8

ROUTER_SOLICITATION = 133
NEIGHBOR_SOLICITATION = 135
NEIGHBOR_ADVERTISEMENT = 136
SOURCE_LINK_LAYER = 1
TARGET_LINK_LAYER = 2


def mac(text):
    return bytes.fromhex(text.replace(':', ''))


def ip(text):
    return ipaddress.ip_address(text).packed


def mac_text(octets):
    return octets.hex(':')


def ip_text(octets):
    return str(ipaddress.ip_address(octets))


def ethernet(src, dst, ether_type, payload):
    return mac(dst) + mac(src) + struct.pack('!H', ether_type) + payload


def pad(frame, size=60):
    """Adds the zeros that a sender puts on the wire after a short frame."""
    return frame.ljust(size, b'\0')


def tag(frame, vid, pcp=0, tpid=VLAN_TAG):
    """Puts an 802.1Q (or, with SERVICE_TAG, 802.1ad) tag outermost; VID 0 makes it a priority tag."""
    return frame[:12] + struct.pack('!HH', tpid, pcp << 13 | vid) + frame[12:]


def arp(src, dst, op, sha, spa, tha, tpa, ether_type=ARP):
    body = struct.pack('!HHBBH', 1, IPV4, 6, 4, op)
    return ethernet(src, dst, ether_type, body + mac(sha) + ip(spa) + mac(tha) + ip(tpa))


def arp_request(src, spa, tpa, dst=BROADCAST):
    return arp(src, dst, 1, src, spa, ZERO_MAC, tpa)


def arp_reply(src, spa, dst, tpa):
    return arp(src, dst, 2, src, spa, dst, tpa)


def garp_request(src, address):
    return arp_request(src, address, address)


def garp_reply(src, address):
    return arp(src, BROADCAST, 2, src, address, BROADCAST, address)


def arp_probe(src, address):
    return arp_request(src, '0.0.0.0', address)


def rarp(src, op=3):
    """What QEMU sends when a guest arrives: no IP address, no tag, 60 octets."""
    return pad(arp(src, BROADCAST, op, src, '0.0.0.0', src, '0.0.0.0', RARP))


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv6(src_ip, dst_ip, next_header, hop_limit, payload):
    return struct.pack('!IHBB', 6 << 28, len(payload), next_header, hop_limit) + \
        ip(src_ip) + ip(dst_ip) + payload


def pseudo_header6(src_ip, dst_ip, next_header, length):
    return ip(src_ip) + ip(dst_ip) + struct.pack('!II', length, next_header)


def udp4(src, dst, src_ip, dst_ip, text):
    """Plain IPv4 data; `text` is the payload, so that a statement can name this very frame."""
    data = text.encode()
    udp = struct.pack('!HHHH', 4000, 4000, 8 + len(data), 0) + data  # checksum 0: none
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + ip(src_ip) + ip(dst_ip)
    head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
    return ethernet(src, dst, IPV4, head + udp)


def udp6(src, dst, src_ip, dst_ip, text):
    """Plain IPv6 data; `text` is the payload."""
    data = text.encode()
    udp = struct.pack('!HHHH', 4000, 4000, 8 + len(data), 0) + data
    total = checksum(pseudo_header6(src_ip, dst_ip, 17, len(udp)) + udp) or 0xFFFF
    udp = udp[:6] + struct.pack('!H', total) + udp[8:]
    return ethernet(src, dst, IPV6, ipv6(src_ip, dst_ip, 17, 64, udp))


def icmp6(src, dst, src_ip, dst_ip, kind, body, code=0, hops=255):
    message = struct.pack('!BBH', kind, code, 0) + body
    total = checksum(pseudo_header6(src_ip, dst_ip, 58, len(message)) + message)
    message = message[:2] + struct.pack('!H', total) + message[4:]
    return ethernet(src, dst, IPV6, ipv6(src_ip, dst_ip, 58, hops, message))


def link_layer_option(kind, address):
    return struct.pack('!BB', kind, 1) + mac(address)


def group_mac6(group):
    """The Ethernet group of an IPv6 group address (RFC 2464, section 7)."""
    return '33:33:' + ':'.join(f'{octet:02x}' for octet in ip(group)[12:])


def solicited_node(target):
    return str(ipaddress.IPv6Address(ip('ff02::1:ff00:0')[:13] + ip(target)[13:]))


def neighbor_solicitation(src, src_ip, target):
    """NS for `target` with the source's link-layer address."""
    group = solicited_node(target)
    body = bytes(4) + ip(target) + link_layer_option(SOURCE_LINK_LAYER, src)
    return icmp6(src, group_mac6(group), src_ip, group, NEIGHBOR_SOLICITATION, body)


def dad_solicitation(src, target):
    """NS from the unspecified address: no option (RFC 4862, section 5.4.2)."""
    group = solicited_node(target)
    return icmp6(src, group_mac6(group), '::', group, NEIGHBOR_SOLICITATION, bytes(4) + ip(target))


def neighbor_advertisement(src, target, dst='33:33:00:00:00:01', dst_ip='ff02::1',
                           solicited=False, override=True, link_layer=None, router=False):
    """NA for `target`, unsolicited to all nodes unless told; link_layer None: the sender's own."""
    flags = router << 31 | solicited << 30 | override << 29
    body = struct.pack('!I', flags) + ip(target) + link_layer_option(TARGET_LINK_LAYER, link_layer or src)
    return icmp6(src, dst, target, dst_ip, NEIGHBOR_ADVERTISEMENT, body)


def router_solicitation(src, src_ip):
    body = bytes(4) + link_layer_option(SOURCE_LINK_LAYER, src)
    return icmp6(src, '33:33:00:00:00:02', src_ip, 'ff02::2', ROUTER_SOLICITATION, body)


def lldp(src):
    """The three mandatory TLVs of IEEE 802.1AB and the end."""
    tlvs = b'\x02\x07\x04' + mac(src) + b'\x04\x07\x03' + mac(src) + b'\x06\x02\x00\x78' + b'\0\0'
    return pad(ethernet(src, LLDP_GROUP, 0x88CC, tlvs))


def other(src, dst, text, ether_type=0x88B5):
    """A frame of a local experimental ethertype, unknown to any switch."""
    return ethernet(src, dst, ether_type, text.encode())
