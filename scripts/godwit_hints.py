"""What qmp-watch, migrate and libvirt-hook share: how to tell godwit something, and how to hear QEMU.

Only Python's own library is used. Bodies of hints are those of docs/replay.md.
"""

import argparse
import http.client
import json
import os
import select
import socket
import time

DEFAULT_SOCKET = os.environ.get('GODWIT_SOCKET', '/run/godwit/godwit.sock')


class Refused(Exception):
    """godwit, or QEMU, says no; the text says why."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__('localhost', timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Godwit:
    """The API at its socket. One request a connection: it is asked seldom."""

    def __init__(self, path=DEFAULT_SOCKET, timeout=2.0):
        self._path = str(path)
        self._timeout = timeout

    def request(self, method, path, body=None):
        connection = _UnixConnection(self._path, self._timeout)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {'Content-Type': 'application/json'} if text else {})
            answer = connection.getresponse()
            said = answer.read()
        except OSError as error:
            raise Refused(f'godwit at {self._path} does not answer: {error}') from error
        finally:
            connection.close()
        said = json.loads(said or b'{}')
        if answer.status >= 400:
            raise Refused(said.get('what') or said.get('error') or f'HTTP {answer.status}')
        return said

    def tell(self, kind, **body):
        """One hint: tell('suspend', bridge='tenant', mac='52:54:00:00:00:02')."""
        return self.request('POST', f'/v1/hints/{kind}', body)


class Nic:
    """One interface of a VM, from "bridge=tenant,mac=52:54:00:00:00:02,from=server1,to=server2"."""

    KEYS = ('bridge', 'mac', 'from', 'to')

    def __init__(self, text):
        words = dict(word.partition('=')[::2] for word in text.split(','))
        unknown = set(words) - set(self.KEYS)
        missing = {'bridge', 'mac', 'to'} - set(words)
        if unknown or missing:
            raise argparse.ArgumentTypeError(
                f"'{text}': write bridge=NAME,mac=MAC,from=PORT,to=PORT (from may be left out)")
        self.host = {'bridge': words['bridge'], 'mac': words['mac']}
        self.origin = {'from': words['from']} if words.get('from') else {}
        self.to = {'to': words['to']}

    def __str__(self):
        return self.host['mac']


class Qmp:
    """A monitor of QEMU's (-qmp unix:PATH,server=on,wait=off): one JSON object a line, answers and events."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            raise Refused(f'{path}: {error}') from error
        self._rest = b''
        self._events = []
        self._read(None)  # the greeting
        self('qmp_capabilities')

    def fileno(self):
        return self._socket.fileno()

    def __call__(self, command, **arguments):
        words = {'execute': command}
        if arguments:
            words['arguments'] = {key.replace('_', '-'): value for key, value in arguments.items()}
        self._socket.sendall(json.dumps(words).encode() + b'\n')
        while True:
            said = self._read(None)
            if 'error' in said:
                raise Refused(f'{command}: {said["error"]["desc"]}')
            if 'return' in said:
                return said['return']
            self._events.append(said)

    def event(self, timeout=None):
        """The next event; None when there is none in that time. Raises EOFError when QEMU is gone."""
        if self._events:
            return self._events.pop(0)
        end = None if timeout is None else time.monotonic() + timeout
        while (said := self._read(end)) is not None:
            if 'event' in said:
                return said
        return None

    def _read(self, end):
        while b'\n' not in self._rest:
            wait = None if end is None else max(0, end - time.monotonic())
            if not select.select([self._socket], [], [], wait)[0]:
                return None
            data = self._socket.recv(65536)
            if not data:
                raise EOFError('QEMU is gone')
            self._rest += data
        line, _, self._rest = self._rest.partition(b'\n')
        return json.loads(line)
