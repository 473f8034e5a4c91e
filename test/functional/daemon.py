"""A godwit that runs, and HTTP to it: what the tests of the API and of godwitctl share."""

import http.client
import json
import os
import pathlib
import socket
import subprocess
import time

from cli import TIMEOUT

EAL = ['--', '--no-huge', '-m', '256', '--no-telemetry']


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=TIMEOUT):
        super().__init__('godwit', timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """Runs from its making to stop(). `control` is what stands in the configuration beside the socket."""

    def __init__(self, program, directory, config, control='', eal=None):
        self.socket = pathlib.Path(directory) / 'godwit.sock'
        self.config = path = pathlib.Path(directory) / 'godwit.yaml'
        path.write_text(f'{config}\ncontrol: {{socket: "{self.socket}", state: "{directory}/state"{control}}}\n')
        self.log = open(pathlib.Path(directory) / 'godwit.log', 'w+')
        self.process = subprocess.Popen([program, 'run', path, *(eal or EAL)], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        self._connection = None
        self._wait()

    def _wait(self):
        end = time.monotonic() + TIMEOUT
        while True:
            try:
                if self.request('GET', '/healthz')[0] == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f'godwit does not answer: {self.said()}')
            time.sleep(0.02)

    def said(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text()

    def connect(self):
        return UnixConnection(self.socket)

    def request(self, method, target, body=None, headers=None):
        """Status and body, on a connection that is kept as long as godwit keeps it."""
        kept = self._connection is not None
        if not kept:
            self._connection = self.connect()
        try:
            self._connection.request(method, target, body, headers or {})
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            if not kept:
                raise
        return self.request(method, target, body, headers)

    def get(self, target):
        status, body = self.request('GET', target)
        assert status == 200, (target, status, body)
        return json.loads(body)

    def post(self, target, body=None):
        status, answer = self.request('POST', target, None if body is None else json.dumps(body))
        return status, json.loads(answer)

    def stop(self):
        if self._connection is not None:
            self._connection.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.log.close()
        return self.process.returncode


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def environment(**more):
    return {**os.environ, **more}
