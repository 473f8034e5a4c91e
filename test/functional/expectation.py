"""Compares what was seen with what expect.yaml states; run_case.py tells the language.

Every function returns a list of complaints, empty when all is well.
"""

import re

from dissect import dissect

OPERATORS = {'contains', 'absent', 'at_least', 'at_most'}
LINK = {'dst', 'src', 'ether_type', 'vlan', 'vlans', 'pcp', 'length', 'octets'}
FIELDS = {'op', 'sha', 'spa', 'tha', 'tpa', 'ip_src', 'ip_dst', 'ttl', 'protocol', 'ip_length', 'df', 'mf', 'offset',
          'icmp', 'icmp_mtu', 'target', 'flags', 'lla', 'checksums'}
_UNITS = {'ns': 1, 'us': 10**3, 'ms': 10**6, 's': 10**9}


def nanoseconds(text):
    """'1.5s' -> 1500000000, exactly."""
    match = re.fullmatch(r'(\d+)(?:\.(\d+))?(ns|us|ms|s)', str(text))
    if not match:
        raise ValueError(f'not a time: {text!r}')
    whole, part, unit = match.groups()
    part = part or ''
    scaled, rest = divmod(int(whole + part) * _UNITS[unit], 10**len(part))
    if rest:
        raise ValueError(f'finer than a nanosecond: {text!r}')
    return scaled


def brief(value):
    """What was seen, short enough to read."""
    text = repr(value)
    return text if len(text) <= 400 else text[:400] + ' ...'


def compare(path, want, got, exact=False):
    """Compares one node of the report; `exact`: a mapping may have no key beyond those named, unless it is 0."""
    if isinstance(want, dict) and want and want.keys() <= OPERATORS:
        return _compare_operators(path, want, got)
    if isinstance(want, dict):
        return _compare_mapping(path, want, got, exact)
    if isinstance(want, list):
        return _compare_list(path, want, got)
    if path.endswith('_ns') and isinstance(want, str):
        want = nanoseconds(want)
    return [] if want == got and type(want) is type(got) else [f'{path}: wanted {want!r}, saw {brief(got)}']


def _compare_mapping(path, want, got, exact):
    if not isinstance(got, dict):
        return [f'{path}: wanted a mapping, saw {brief(got)}']
    complaints = []
    for key, value in want.items():
        if key in got:
            complaints += compare(f'{path}.{key}', value, got[key], exact=key == 'drops')
        elif value != 0 or not exact:
            complaints.append(f'{path}: has no {key}; it has {sorted(got)}')
    if exact:
        complaints += [f'{path}.{key}: wanted none, saw {value}'
                       for key, value in got.items() if key not in want and value != 0]
    return complaints


def _compare_list(path, want, got):
    if not isinstance(got, list):
        return [f'{path}: wanted a list, saw {brief(got)}']
    if len(want) != len(got):
        return [f'{path}: wanted {len(want)} items, saw {len(got)}: {brief(got)}']
    if all(compare(path, item, other) == [] for item, other in zip(want, got)):
        return []
    unmet = _unmatched(want, got)
    if len(unmet) == 1 == len(want):
        return compare(f'{path}[0]', want[0], got[0])
    return [f'{path}: nothing matches {item}; saw {brief(got)}' for item in unmet]


def _compare_operators(path, want, got):
    complaints = []
    if 'at_least' in want and not got >= want['at_least']:
        complaints.append(f'{path}: wanted at least {want["at_least"]}, saw {got}')
    if 'at_most' in want and not got <= want['at_most']:
        complaints.append(f'{path}: wanted at most {want["at_most"]}, saw {got}')
    complaints += [f'{path}: nothing matches {item}; saw {brief(got)}'
                   for item in _unmatched(want.get('contains', []), got)]
    for item in want.get('absent', []):
        complaints += [f'{path}: wanted nothing like {item}, saw {other}'
                       for other in got if not compare(path, item, other)]
    return complaints


def _unmatched(want, got):
    """The items of `want` left over when as many as possible are paired with an item of `got` of their own."""
    fits = [[n for n, other in enumerate(got) if not compare('', item, other)] for item in want]
    owner = {}

    def place(item, tried):
        for n in fits[item]:
            if n in tried:
                continue
            tried.add(n)
            if n not in owner or place(owner[n], tried):
                owner[n] = item
                return True
        return False

    return [want[item] for item in range(len(want)) if not place(item, set())]


class Frame:
    """A frame that left a port: `at` nanoseconds after the first frame of the captures."""

    def __init__(self, at, octets):
        self.at = at
        self.octets = octets
        self.dst = octets[0:6].hex(':')
        self.src = octets[6:12].hex(':')
        self.length = len(octets)
        self.tags = []
        place = 12
        while octets[place:place + 2] in (b'\x81\x00', b'\x88\xa8'):
            self.tags.append(int.from_bytes(octets[place + 2:place + 4], 'big'))
            place += 4
        self.ether_type = f'0x{octets[place:place + 2].hex()}'
        self.fields = dissect(int(self.ether_type, 16), octets[place + 2:])

    @property
    def vlan(self):
        return self.tags[0] & 0xFFF if self.tags else 'none'

    @property
    def pcp(self):
        return self.tags[0] >> 13 if self.tags else 'none'

    @property
    def vlans(self):
        return [tag & 0xFFF for tag in self.tags]

    def is_like(self, key, value):
        """Whether its `key`, of those that run_case.py tells, is `value`."""
        if key == 'octets':
            return self.octets.hex() == value
        return (self.fields.get(key) if key in FIELDS else getattr(self, key)) == value

    def __str__(self):
        tags = ''.join(f' vlan {vid}' for vid in self.vlans)
        return f'{self.at / 10**9:.9f}s {self.src} > {self.dst}{tags} {self.ether_type} length {self.length}' + \
            ''.join(f' {key} {value}' for key, value in self.fields.items())


def check_out(number, statement, frames):
    """Checks one statement of `out` against the frames of its port."""
    match = dict(statement)
    port = match.pop('port')
    want = match.pop('count')
    since = nanoseconds(match.pop('from', '0s'))
    until = nanoseconds(match.pop('to')) if 'to' in match else None
    text = str(match.pop('text', '')).encode()
    unknown = match.keys() - LINK - FIELDS
    if unknown:
        return [f'out[{number}]: unknown keys {sorted(unknown)}']
    if port not in frames:
        return [f'out[{number}]: no port {port}']
    seen = [frame for frame in frames[port]
            if frame.at >= since and (until is None or frame.at < until) and text in frame.octets and
            all(frame.is_like(key, value) for key, value in match.items())]
    complaints = compare('count', want, len(seen))
    return [f'out[{number}] {statement}: {complaint}' + ''.join(f'\n    {frame}' for frame in seen[:5])
            for complaint in complaints]
