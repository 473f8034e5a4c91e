#!/usr/bin/python3
"""Write the seeds of the pipeline fuzz target, corpus/pipeline/NAME: one script a file.

The scripts' format is told in pipeline_fuzz.cc, the scenes are in pipeline_scenes.cc and the hosts
and kinds of frames in pipeline_frames.cc. One script is made of each case in pcaps/, the others
here from their records. Run it again after a change; it replaces the seeds that it names and
leaves others alone.
"""

import pathlib
import struct
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE.parents[1] / "pcaps"
sys.path.insert(0, str(CASES))
import captures  # noqa: E402  (found by the line above)

PLAIN, TRUNKS, WIRES, ROUTED, SMALL, LOCKED, REGISTERED, HINTED = range(8)
SERVER1, SERVER2, SERVER3, UPLINK = range(4)
(REQUEST, REPLY, GARP, GARP_REPLY, PROBE, RARP, NS, NA, UNSOLICITED_NA, DAD, RS, UDP4, UDP4_VIA_1, UDP4_VIA_2, UDP6,
 UDP6_VIA_1, UDP6_VIA_2, ECHO4, ECHO6, PROTOCOL, DATA) = range(21)
VLAN10, VLAN20, QINQ, SEAL, NO_HEADROOM, LAST_HOP, MAY_FRAGMENT = 1, 2, 3, 4, 8, 0x40, 0x80
OUTSIDE, FAR = 0x40, 0x80  # hosts from here on
GATEWAY1, GATEWAY2, ALL, GROUP, ROUTERS_MAC, NOBODY, RESERVED = range(0xC0, 0xC7)
MANY, RAW, DISTURB, SEND_BACK = 4, 5, 6, 7
ANNOUNCE, FLUSH_PORT, FLUSH_BRIDGE, FLUSH_FAMILY = 248, 249, 252, 250
LINK, PREPARE, SUSPEND, COMMIT, CANCEL, RESUME, LEAVE = range(240, 247)
FROM, GENERATION, BY_IP, IS_V6 = 0x10, 0x20, 0x40, 0x80
FROM_NEXT, TO_NEXT = 0x40, 0x80
MS, SECOND, HOUR = 10**6, 10**9, 3600 * 10**9

LONGEST_FRAME = 700  # of a case's, in octets
LONGEST_SCRIPT = 4096


def head(what, port, after=0):
    """`after` in nanoseconds."""
    if after < 10_000:
        unit, time = 0, b""
    elif after < 65536 * 10_000:
        unit, time = 1, struct.pack("!H", after // 10_000)
    elif after < 65536 * 10 * MS:
        unit, time = 2, struct.pack("!H", after // (10 * MS))
    else:
        unit, time = 3, bytes([min(255, max(1, after // HOUR))])
    return bytes([what << 5 | port << 2 | unit]) + time


def frame(port, kind, src, dst, size=0, flags=0, after=0, edits=()):
    flags |= len(edits) << 4
    changes = b"".join(bytes(edit) for edit in edits)
    return head(0, port, after) + bytes([kind, src, dst, size, flags]) + changes


def many(count, step, port, kind, src, dst, size=0, flags=0, after=0):
    return head(MANY, port, after) + bytes([step | count - 1, kind, src, dst, size, flags])


def raw(port, octets, after=0):
    return head(RAW, port, after) + struct.pack("!H", len(octets)) + octets


def narrow(port, room, after=0):
    return head(DISTURB, port, after) + bytes([room])


def starve(after=0):
    return narrow(0, 255, after)


def hint(port, what, after=0):
    return narrow(port, what, after)


def link(port, is_up, after=0):
    return hint(port, LINK, after) + bytes([is_up])


def vm(step, host, to=0, bridge=0, more=0, where=0, after=0):
    """`to` counts the members of the bridge; `more` and `where` as Script::vm_hint_of() reads them."""
    return hint(0, step, after) + bytes([host, to | more, bridge | where])


def send_back(port, which=0, after=0):
    return head(SEND_BACK, port, after) + bytes([which])


def scene_for(config):
    bridges = config["bridges"].values()
    if any("gateway" in bridge for bridge in bridges):
        suppressed = any(bridge.get("suppress") for bridge in bridges)
        return LOCKED if suppressed else TRUNKS if any("vlan" in bridge for bridge in bridges) else ROUTED
    if any("vlan" in bridge for bridge in bridges):
        return TRUNKS if "uplink" in config["ports"] else WIRES
    return PLAIN if len(config["ports"]) > 2 else WIRES


def received(case, config):
    """(stamp, port's number, octets) by stamp."""
    ports = {name: number % 4 for number, name in enumerate(config["ports"])}
    frames = []
    for path in sorted(case.glob("in-*.pcap")):
        port = ports[path.stem[len("in-"):]]
        frames += [(record[0], port, record[1]) for record in captures.read_pcap(path.read_bytes())]
    for path in sorted(case.glob("in*.pcapng")):
        frames += [(record[0], ports[name], record[1]) for name, record in captures.read_pcapng(path.read_bytes())
                   if name in ports]
    return sorted(frames, key=lambda frame: frame[0])


def script_of(case):
    config = yaml.safe_load((case / "config.yaml").read_text())
    script = bytes([scene_for(config)])
    now = None
    for stamp, port, octets in received(case, config):
        script += raw(port, octets[:LONGEST_FRAME], stamp - (stamp if now is None else now))
        now = stamp
        if len(script) > LONGEST_SCRIPT:
            break
    return script


def case_seeds():
    for case in sorted(path.parent for path in CASES.glob("*/config.yaml")):
        try:
            script = script_of(case)
        except (KeyError, TypeError, ValueError, struct.error, yaml.YAMLError):
            continue  # its config or its captures are wrong on purpose
        if 1 < len(script) <= LONGEST_SCRIPT + LONGEST_FRAME + 9:
            yield "case-" + case.name.split("-", 1)[-1], script


def meet(flags=0):
    return frame(SERVER1, REQUEST, 2, 1, 0, flags) + frame(UPLINK, REPLY, 1, 2, 0, flags, MS)


def bridging():
    yield "moves", PLAIN, [
        meet(),
        frame(SERVER2, RARP, 2, 0, after=SECOND),
        frame(SERVER1, UDP4, 2, 1, 9, after=MS),
        many(8, 0, SERVER1, UDP4, 2, 1, 9, after=70 * MS),
        frame(SERVER3, GARP, 2, 2, after=SECOND),
        send_back(UPLINK, 0, 10 * MS),
        frame(UPLINK, UDP4, 1, 2, 40, after=12 * SECOND),
    ]
    yield "scan", PLAIN, [
        many(64, FROM_NEXT, SERVER1, REQUEST, 0, 1),
        many(64, FROM_NEXT, SERVER2, REQUEST, 0, 1, after=MS),
    ]
    yield "no-buffers", TRUNKS, [
        starve(),
        frame(SERVER1, GARP, 2, 2, 0, VLAN10),
        frame(SERVER3, DATA, 3, ALL),
        starve(MS),
        frame(SERVER1, REQUEST, 2, GATEWAY1, 0, VLAN20),
        narrow(UPLINK, 1, MS),
        many(20, FROM_NEXT, SERVER1, GARP, 1, 1, 0, VLAN20 | NO_HEADROOM),
    ]
    yield "tags", TRUNKS, [
        meet(VLAN10),
        frame(SERVER3, UDP4, 3, 2, 5),
        frame(SERVER2, RARP, 2, 0, after=SECOND),
        frame(UPLINK, UDP4, 1, 2, 5, VLAN10 | NO_HEADROOM),
        frame(SERVER1, UDP4, 2, 1, 5, QINQ),
    ]
    yield "wires", WIRES, [
        frame(SERVER1, DATA, 2, ALL, 9, QINQ),
        frame(SERVER2, DATA, 3, 2, 9, VLAN10),
        frame(UPLINK, DATA, 4, ALL, 200, VLAN10),
        frame(SERVER3, DATA, 5, RESERVED),
    ]


class Family:
    """The kinds of frames of one version of IP."""

    def __init__(self, version):
        is_v6 = version == 6
        self.version = version
        self.ask, self.tell = (NS, NA) if is_v6 else (REQUEST, REPLY)
        self.claim, self.probe = (UNSOLICITED_NA, DAD) if is_v6 else (GARP, PROBE)
        self.udp, self.via1, self.via2 = (UDP6, UDP6_VIA_1, UDP6_VIA_2) if is_v6 else (UDP4, UDP4_VIA_1, UDP4_VIA_2)
        self.echo = ECHO6 if is_v6 else ECHO4


def routing(ip):
    there = OUTSIDE + 3
    yield "route", ROUTED, [
        frame(SERVER1, ip.ask, 2, GATEWAY1),
        frame(SERVER3, ip.tell, there, GATEWAY2, after=MS),
        frame(SERVER1, ip.via1, 2, there, 100, after=MS),
        frame(SERVER3, ip.via2, there, 2, 100, after=MS),
        frame(SERVER1, ip.via1, 2, there, 210, MAY_FRAGMENT, MS),
        frame(SERVER1, ip.via1, 2, there, 210, 0, MS),
        frame(SERVER1, ip.via1, 2, there, 250, MAY_FRAGMENT, MS),
        frame(SERVER1, ip.via1, 2, FAR + 1, 9, LAST_HOP, MS),
        frame(SERVER1, ip.via1, 2, GATEWAY2, 9, 0, MS),
        frame(SERVER1, ip.udp, 2, 3, 9),
        frame(SERVER1, ip.via1, 2, there, 9, SEAL, MS, [(1, 4)]),
    ]
    yield "hold", ROUTED, [
        many(5, 0, SERVER1, ip.via1, 2, there, 20),
        frame(SERVER1, ip.via1, 2, FAR + 3, 20),
        frame(UPLINK, ip.tell, there, GATEWAY2, after=300 * MS),
        many(20, TO_NEXT, SERVER2, ip.via1, 3, OUTSIDE + 9, 20),
        frame(UPLINK, ip.tell, OUTSIDE + 9, GATEWAY2, after=2 * SECOND),
    ]
    yield "echo", ROUTED, [
        frame(SERVER1, ip.echo, 2, GATEWAY1, 56),
        frame(SERVER1, ip.echo, 2, GATEWAY2, 240, after=MS),
        frame(SERVER1, ip.echo, 2, there, 56, after=MS),
        send_back(SERVER1, 0, MS),
        frame(SERVER2, PROTOCOL, 2, GATEWAY1, 6),
    ]
    # More packets for one host than a burst has frames.
    yield "queue", LOCKED, [many(64, 0, SERVER1, ip.via1, 2, 3, 20)] * 5 + [
        frame(SERVER3, ip.tell, 3, GATEWAY1, after=300 * MS),
    ]
    # A host is forgotten while it is asked whether it is still there.
    yield "forget", ROUTED, [
        frame(SERVER1, ip.ask, 2, GATEWAY1),
        frame(SERVER3, ip.tell, there, GATEWAY2),
        frame(SERVER1, DATA, 2, 3, after=9 * SECOND),
        frame(SERVER3, DATA, there, 3),
        hint(SERVER1, FLUSH_FAMILY, 4 * SECOND) + bytes([ip.version == 6]),
        frame(SERVER1, ip.via1, 2, there, 20),
        hint(SERVER2, FLUSH_BRIDGE, SECOND),
        hint(SERVER1, ANNOUNCE),
        hint(SERVER1, FLUSH_PORT, SECOND),
        frame(SERVER1, ip.via1, 2, there, 20),
    ]


def resolution(ip):
    yield "suppress", LOCKED, [
        frame(SERVER1, ip.claim, 2, 2),
        frame(SERVER2, ip.ask, 3, 2, after=MS),
        frame(SERVER2, ip.probe, 4, 2, after=MS),
        frame(SERVER3, ip.ask, 5, 3, after=SECOND),
        frame(SERVER2, ip.claim, 6, 2, after=SECOND),
        frame(SERVER3, ip.ask, 5, GATEWAY1, after=SECOND),
    ]
    yield "claims", ROUTED, [
        frame(SERVER1, ip.claim, 2, 2),
        frame(SERVER2, ip.claim, 3, 2, after=MS),
        frame(SERVER2, ip.claim, 3, GATEWAY1, after=MS),
        frame(SERVER2, ip.claim, GATEWAY1, 2, after=MS),
        frame(SERVER2, ip.claim, ROUTERS_MAC, 100, after=MS),
        frame(SERVER2, ip.probe, 4, 2, after=400 * MS),
        frame(SERVER1, DATA, 2, 3, after=30 * SECOND),
    ]
    # Here control hears of few things at once, and questions are lost.
    yield "limits", SMALL, [
        many(16, FROM_NEXT, SERVER1, ip.ask, 1, GATEWAY1, 0, VLAN10),
        many(16, TO_NEXT, SERVER1, ip.via1, 1, OUTSIDE, 20, VLAN10),
        many(64, TO_NEXT, SERVER3, ip.via1, 9, OUTSIDE, 20, after=MS),
        many(30, 0, SERVER3, ip.via1, 9, FAR, 20, LAST_HOP, MS),
        many(8, TO_NEXT, SERVER3, ip.claim, 9, 9, after=SECOND),
    ]


def migrations(ip):
    to_host = [many(12, 0, SERVER3, ip.udp, 3, 2, 40, after=MS)]
    for scene in PLAIN, REGISTERED, LOCKED:
        yield f"migration-{scene}", scene, [
            frame(SERVER1, ip.claim, 2, 2), frame(SERVER3, ip.claim, 3, 3),
            vm(PREPARE, 2, 1, where=0xC0, after=11 * SECOND), frame(SERVER2, ip.probe, 2, 2, after=MS),
            vm(SUSPEND, 2, after=SECOND), *to_host, vm(COMMIT, 2, 1, after=300 * MS), *to_host,
            frame(SERVER1, ip.tell, 2, GATEWAY1, after=MS), frame(SERVER1, ip.udp, 2, 3, 9, after=100 * MS),
            vm(PREPARE, 2, 2, more=GENERATION | BY_IP | (IS_V6 if ip.version == 6 else 0), where=0x40, after=SECOND),
            vm(SUSPEND, 2, after=SECOND), *to_host, vm(CANCEL, 2, after=MS), vm(SUSPEND, 2), *to_host,
            link(SERVER2, False, MS), *to_host, frame(SERVER3, RARP, 2, 0, after=SECOND), link(SERVER2, True, MS),
            vm(SUSPEND, 2, after=SECOND), *to_host, vm(LEAVE, 2, after=MS),
        ]
    claim = [frame(SERVER2, ip.udp, 2, 3, 9, after=9 * SECOND), frame(SERVER1, ip.tell, 2, GATEWAY1, after=MS)]
    yield "verified", REGISTERED, [
        frame(SERVER1, ip.ask, 2, GATEWAY1), *claim * 6, *to_host,
        vm(COMMIT, 2, 2, after=SECOND), frame(SERVER2, ip.udp, 2, 3, 9, after=6 * SECOND),
        frame(SERVER2, ip.tell, 2, GATEWAY1, after=MS), many(5, 0, SERVER1, ip.udp, 2, 3, 9, after=10 * SECOND),
        many(5, 0, SERVER1, ip.udp, 2, 3, 9, after=400 * MS), *to_host,
    ]
    yield "keepalive", REGISTERED, [
        frame(SERVER1, ip.ask, 2, GATEWAY1), frame(SERVER3, ip.ask, 3, GATEWAY1, after=11 * SECOND),
        frame(SERVER3, ip.udp, 3, 2, 9, after=4 * SECOND), frame(SERVER2, ip.udp, 2, 3, 9, after=2 * SECOND),
    ]
    yield "hinted", HINTED, [
        frame(SERVER1, ip.claim, 2, 2, 0, VLAN10), frame(UPLINK, ip.claim, 3, 3, 0, VLAN10),
        vm(PREPARE, 2, 2, where=0xC0, after=SECOND), vm(SUSPEND, 2),
        many(9, 0, UPLINK, ip.udp, 3, 2, 9, VLAN10, after=MS), frame(SERVER3, ip.probe, 2, 2, after=MS),
        frame(SERVER1, ip.claim, 2, 2, 0, VLAN20), vm(COMMIT, 2, 0, bridge=1, after=SECOND),
        vm(COMMIT, 9, 0, bridge=1), many(8, 0, SERVER1, ip.udp, 2, 3, 9, VLAN20, after=SECOND),
    ]


def seeds():
    yield from case_seeds()
    for name, scene, records in bridging():
        yield name, bytes([scene]) + b"".join(records)
    for ip in Family(4), Family(6):
        for topic in routing, resolution, migrations:
            for name, scene, records in topic(ip):
                yield f"{name}-{ip.version}", bytes([scene]) + b"".join(records)


def main():
    corpus = HERE / "corpus" / "pipeline"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, octets in seeds():
        (corpus / name).write_bytes(octets)


if __name__ == "__main__":
    main()
