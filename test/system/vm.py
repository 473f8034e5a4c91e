"""A real virtual machine: QEMU with Debian's kernel and a busybox for its whole system, and what it says over QMP.

The machine has one virtio network interface, answers pings and echoes what it hears on TCP port 7. It boots in some
seconds even without KVM, and its memory is small, so that a migration is short.
"""

import contextlib
import gzip
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import time

ECHO_PORT = 7
MEMORY = '96M'
QEMU = 'qemu-system-x86_64'
# In the order in which they are loaded.
MODULES = ['virtio_ring', 'virtio', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'virtio_pci', 'failover',
           'net_failover', 'virtio_net']
KERNEL_PACKAGE = 'linux-image-cloud-amd64'

INIT = '''#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in {modules}; do insmod /modules/$module.ko; done
for word in $(cat /proc/cmdline); do
  case $word in
    vm.ip=*) ip addr add ${{word#vm.ip=}} dev eth0 ;;
    vm.ip6=*) ip addr add ${{word#vm.ip6=}} dev eth0 nodad ;;
  esac
done
sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.router_solicitations=0
ip link set lo up
ip link set eth0 up
echo godwit-vm-is-up
nc -ll -p {port} -e cat
poweroff -f
'''


def why_not():
    """Why there can be no virtual machine here; None if there can."""
    missing = [tool for tool in (QEMU, 'busybox') if shutil.which(tool) is None]
    if missing:
        return f'no {", ".join(missing)} here; scripts/setup installs them'
    return None


class Kernel:
    """A kernel with its modules. It is taken out of Debian's package, which is not installed."""

    def __init__(self, cache):
        """`cache` is a directory that outlives the test. Raises RuntimeError when there is no kernel to be had."""
        self.root = pathlib.Path(cache).resolve() / 'kernel'  # libvirt starts machines in a directory of its own
        if not list(self.root.glob('boot/vmlinuz-*')):
            self._fetch()
        self.image = max(self.root.glob('boot/vmlinuz-*'))

    def _fetch(self):
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            listed = subprocess.run(['apt-cache', 'depends', '--important', KERNEL_PACKAGE], capture_output=True,
                                    text=True, check=True).stdout
            package = next(line.split()[-1] for line in listed.splitlines() if 'Depends: linux-image' in line)
            subprocess.run(['apt-get', 'download', '-q', package], cwd=self.root, check=True, capture_output=True)
            archive, = self.root.glob('*.deb')
            subprocess.run(['dpkg', '-x', archive.name, '.'], cwd=self.root, check=True)
            archive.unlink()
        except (subprocess.CalledProcessError, OSError, StopIteration, ValueError) as error:
            shutil.rmtree(self.root, ignore_errors=True)
            raise RuntimeError(f'no kernel for a virtual machine: {KERNEL_PACKAGE} cannot be had: {error}') from error

    def module(self, name):
        names = (f'{name}.ko', f'{name.replace("_", "-")}.ko')
        return next(path for path in self.root.glob('lib/modules/*/kernel/**/*.ko') if path.name in names)

    def write_initramfs(self, path):
        archive = Cpio()
        for folder in ('bin', 'dev', 'modules', 'proc', 'sys'):
            archive.add(folder, 0o40755)
        archive.add('init', 0o100755, INIT.format(modules=' '.join(MODULES), port=ECHO_PORT).encode())
        archive.add('bin/busybox', 0o100755, pathlib.Path(shutil.which('busybox')).read_bytes())
        for name in MODULES:
            archive.add(f'modules/{name}.ko', 0o100644, self.module(name).read_bytes())
        pathlib.Path(path).write_bytes(gzip.compress(archive.octets(), compresslevel=1))


class Cpio:
    """An archive in the form that the kernel unpacks: "newc", Documentation/driver-api/early-userspace."""

    def __init__(self):
        self._parts = []

    def add(self, name, mode, data=b''):
        number = len(self._parts) + 1
        fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        head = b'070701' + b''.join(b'%08x' % field for field in fields) + name.encode() + b'\0'
        self._parts.append(head.ljust(-(-len(head) // 4) * 4, b'\0') + data.ljust(-(-len(data) // 4) * 4, b'\0'))

    def octets(self):
        self.add('TRAILER!!!', 0)
        return b''.join(self._parts)


class QmpError(RuntimeError):
    pass


class Qmp:
    """QEMU's monitor, as its qmp-spec has it: one JSON object a line."""

    def __init__(self, path, seconds=20):
        end = time.monotonic() + seconds
        while True:
            self._socket = socket.socket(socket.AF_UNIX)
            try:
                self._socket.connect(str(path))
                break
            except OSError:
                self._socket.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
        self._lines = self._socket.makefile('r')
        self.events = []
        json.loads(self._lines.readline())
        self('qmp_capabilities')

    def __call__(self, command, **arguments):
        words = {'execute': command} | ({'arguments': arguments} if arguments else {})
        self._socket.sendall(json.dumps(words).encode() + b'\n')
        while line := self._lines.readline():
            answer = json.loads(line)
            if 'event' in answer:
                self.events.append(answer)
            elif 'error' in answer:
                raise QmpError(f'{command}: {answer["error"]["desc"]}')
            else:
                return answer['return']
        raise QmpError(f'{command}: QEMU is gone')

    def close(self):
        self._lines.close()
        self._socket.close()


def wait_for_boot(log, seconds=120, is_gone=lambda: False):
    """Until the machine says on its console, which is in `log`, that it is up."""
    end = time.monotonic() + seconds
    while 'godwit-vm-is-up' not in (said := log.read_text() if log.exists() else ''):
        if time.monotonic() > end or is_gone():
            raise RuntimeError(f'the machine does not boot: {said}')
        time.sleep(0.05)


class Vm:
    """One QEMU process: the machine runs in it, or is to arrive in it."""

    def __init__(self, directory, name, kernel, initramfs, mac, ip, network, incoming=False, announce=True):
        """`network` are QEMU's arguments for a netdev called n0, see tap() and vhost()."""
        self.name = name
        self.directory = pathlib.Path(directory)
        self.log = self.directory / f'{name}.log'
        self.qmp_path = self.directory / f'{name}.qmp'
        self.monitor = self.directory / f'{name}.monitor'  # for others
        self.migration = self.directory / f'{name}.migration'
        # Without checksums left to the host, which a packet socket would not see filled in. And without MSI-X, with
        # which QEMU 7.2 does not survive a migration over vhost-user in emulation.
        card = f'virtio-net-pci,netdev=n0,mac={mac},vectors=0,csum=off,gso=off,romfile='
        if not announce:
            card += ',guest_announce=off'
        words = [QEMU, '-nodefaults', '-no-user-config', '-display', 'none', '-accel', 'tcg', '-cpu', 'max',
                 '-m', MEMORY, '-object', f'memory-backend-memfd,id=ram,size={MEMORY},share=on',
                 '-machine', 'q35,memory-backend=ram', '-kernel', str(kernel.image), '-initrd', str(initramfs),
                 '-append', f'console=ttyS0 quiet panic=-1 vm.ip={ip}', '-serial', f'file:{self.log}',
                 '-qmp', f'unix:{self.qmp_path},server=on,wait=off', *network, '-device', card]
        # Its first monitor is the test's; a second one for whoever watches as an operator would.
        words += ['-chardev', f'socket,id=watch,path={self.monitor},server=on,wait=off',
                  '-mon', 'chardev=watch,mode=control']
        if incoming:
            words += ['-incoming', 'defer']
        self._errors = open(self.directory / f'{name}.errors', 'w+')
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self._errors, stderr=self._errors)
        try:
            self.qmp = Qmp(self.qmp_path)
        except OSError as error:
            self.end()
            raise RuntimeError(f'{name}: {self.said()}') from error
        if not announce:
            self.qmp('migrate-set-parameters', **{'announce-rounds': 0})
        if incoming:
            self.qmp('migrate-incoming', uri=f'unix:{self.migration}')

    def said(self):
        self._errors.flush()
        self._errors.seek(0)
        return self._errors.read()

    def wait_until_up(self):
        try:
            wait_for_boot(self.log, is_gone=lambda: self.process.poll() is not None)
        except RuntimeError as error:
            raise RuntimeError(f'{self.name}: {error}{self.said()}') from error

    def migrate_to(self, target, seconds=60, **parameters):
        """Returns what query-migrate says in the end."""
        if parameters:
            self.qmp('migrate-set-parameters', **{key.replace('_', '-'): value for key, value in parameters.items()})
        self.qmp('migrate', uri=f'unix:{target.migration}')
        return self.wait_until_migrated(seconds)

    def wait_until_migrated(self, seconds=60):
        end = time.monotonic() + seconds
        while True:
            state = self.qmp('query-migrate')
            if state.get('status') == 'completed':
                return state
            if state.get('status') in ('failed', 'cancelled') or time.monotonic() > end:
                raise RuntimeError(f'the migration of {self.name} does not end well: {state}')
            time.sleep(0.02)

    def end(self):
        with contextlib.suppress(Exception):
            self.qmp('quit')
        with contextlib.suppress(Exception):
            self.qmp.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._errors.close()


def tap(interface):
    return ['-netdev', f'tap,id=n0,ifname={interface},script=no,downscript=no,vhost=off']


def vhost(path, server):
    """vhost-user over a socket, at which QEMU listens or to which it connects."""
    listens = ',server=on,wait=off' if server else ',reconnect=1'
    return ['-chardev', f'socket,id=c0,path={path}{listens}', '-netdev', 'vhost-user,id=n0,chardev=c0,vhostforce=on']
