"""Watches interfaces while a machine migrates: which pings were sent to it where, and when it was heard there."""

import select
import socket
import struct
import threading

from traffic import IDENT

ETH_P_ALL = 3
PACKET_OUTGOING = 4
SO_TIMESTAMPNS = 35


class Watcher:
    """Listens at interfaces, as tcpdump does, in a thread of its own. Stamps are the kernel's."""

    def __init__(self, interfaces, mac):
        self._mac = bytes.fromhex(mac.replace(':', ''))
        self.offered = {name: {} for name in interfaces}  # name → ping's number → when it was sent to the machine
        self.heard = {}                                   # name → when the machine was heard there first
        self._sockets = {}
        for name in interfaces:
            listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            listener.bind((name, 0))
            self._sockets[listener] = name
        self._going = True
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while self._going:
            for listener in select.select(list(self._sockets), [], [], 0.05)[0]:
                frame, control, _, address = listener.recvmsg(2048, 64)
                seconds, nanoseconds = struct.unpack('qq', control[0][2])
                self._note(self._sockets[listener], seconds + nanoseconds / 1e9, frame, address[2] == PACKET_OUTGOING)

    def _note(self, name, at, frame, to_machine):
        if not to_machine and frame[6:12] == self._mac:
            self.heard.setdefault(name, at)
        is_echo = len(frame) >= 46 and frame[12:14] == b'\x08\x00' and frame[23] == 1 and frame[34] == 8
        if to_machine and is_echo and struct.unpack_from('!H', frame, 38)[0] == IDENT:
            self.offered[name].setdefault(struct.unpack_from('!I', frame, 42)[0], at)

    def stop(self):
        self._going = False
        self._thread.join()
        for listener in self._sockets:
            listener.close()

    def misdelivered(self, before, after):
        """Numbers of the pings that went to the old place alone although the machine had been heard at the new."""
        evidence = self.heard.get(after)
        if evidence is None:
            return []
        return sorted(number for number, at in self.offered[before].items()
                      if at > evidence and number not in self.offered[after])
