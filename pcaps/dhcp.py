"""DHCP messages for the cases: every function returns the octets of one frame, as frames.py does."""

import struct

import frames

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE = range(1, 8)
SOLICIT, ADVERTISE, REQUEST6, CONFIRM, RENEW, REBIND, REPLY, RELEASE6, DECLINE6 = range(1, 10)
ALL_SERVERS = 'ff02::1:2'  # and relays: RFC 8415, section 7.1


def udp(src, dst, src_ip, dst_ip, src_port, dst_port, data):
    """Any datagram, of either family."""
    head = struct.pack('!HHHH', src_port, dst_port, 8 + len(data), 0)
    if ':' in src_ip:
        total = frames.checksum(frames.pseudo_header6(src_ip, dst_ip, 17, len(head + data)) + head + data) or 0xFFFF
        packet = frames.ipv6(src_ip, dst_ip, 17, 64, head[:6] + struct.pack('!H', total) + data)
        return frames.ethernet(src, dst, frames.IPV6, packet)
    ip = struct.pack('!BBHHHBBH', 0x45, 0, 28 + len(data), 0, 0, 64, 17, 0) + frames.ip(src_ip) + frames.ip(dst_ip)
    ip = ip[:10] + struct.pack('!H', frames.checksum(ip)) + ip[12:]
    return frames.ethernet(src, dst, frames.IPV4, ip + head + data)


def message(op, kind, xid, client, ciaddr='0.0.0.0', yiaddr='0.0.0.0', options=b''):
    """RFC 2131, section 2."""
    fixed = struct.pack('!BBBBIHH', op, 1, 6, 0, xid, 0, 0) + frames.ip(ciaddr) + frames.ip(yiaddr) + bytes(8)
    fixed += frames.mac(client).ljust(16, b'\0') + bytes(192) + bytes.fromhex('63825363')
    return fixed + bytes([53, 1, kind]) + options + b'\xff'


def from_client(kind, xid, client, src=None, ciaddr='0.0.0.0', requested=None):
    """To all; `src` sends it, which is the client unless told."""
    options = bytes([50, 4]) + frames.ip(requested) if requested else b''
    data = message(1, kind, xid, client, ciaddr=ciaddr, options=options)
    return udp(src or client, frames.BROADCAST, ciaddr, '255.255.255.255', 68, 67, data)


def from_server(kind, xid, server, server_ip, client, address='0.0.0.0', seconds=3600):
    """To the client."""
    options = bytes([51, 4]) + struct.pack('!I', seconds) if kind in (OFFER, ACK) else b''
    data = message(2, kind, xid, client, yiaddr=address, options=options)
    return udp(server, client, server_ip, '255.255.255.255' if address == '0.0.0.0' else address, 67, 68, data)


def option6(code, value):
    return struct.pack('!HH', code, len(value)) + value


def duid(client):
    """DUID-LL (RFC 8415, section 11.4)."""
    return struct.pack('!HH', 3, 1) + frames.mac(client)


def message6(kind, xid, client, address=None, seconds=0):
    data = struct.pack('!I', kind << 24 | xid) + option6(1, duid(client))
    if address:
        lease = option6(5, frames.ip(address) + struct.pack('!II', seconds, seconds))
        data += option6(3, struct.pack('!III', 1, 0, 0) + lease)
    return data


def from_client6(kind, xid, client, address=None, src=None):
    src = src or client
    return udp(src, frames.group_mac6(ALL_SERVERS), link_local(src), ALL_SERVERS, 546, 547,
               message6(kind, xid, client, address))


def from_server6(kind, xid, server, client, address=None, seconds=3600):
    return udp(server, client, link_local(server), link_local(client), 547, 546,
               message6(kind, xid, client, address, seconds))


def link_local(mac):
    """RFC 4291, appendix A."""
    octets = bytearray(frames.mac(mac))
    octets[0] ^= 2
    return frames.ip_text(bytes.fromhex('fe80000000000000') + octets[:3] + b'\xff\xfe' + octets[3:])
