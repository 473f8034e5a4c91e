"""Hosts with a libvirt of their own, and a virtual machine that migrates from one to the other as operators do it.

libvirt's daemon has its places built in, so each runs in namespaces in which they are empty, under a host name and a
UUID of its own; godwit's hook is installed there as docs/operations.md has it. What runs on this machine is left alone,
and whatever a daemon has started ends with it.
"""

import os
import pathlib
import shutil
import subprocess
import time
import uuid

import vm

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / 'scripts'
DAEMON = '/usr/sbin/libvirtd'
DRIVER = '/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so'
NAME = 'machine'
PACKAGES = 'libvirt-daemon, libvirt-daemon-driver-qemu, libvirt-clients'

# Places that are empty in a host.
HIDDEN = '/etc/libvirt', '/run', '/var/cache', '/var/lib', '/var/log'

# Run as the first process of its namespaces, in the host's directory; it stays, to bury what libvirt's daemon leaves.
# The package that makes the user libvirt-qemu also starts daemons, so the user is made here.
BEGIN = '''set -e
hostname {name}
for account in passwd group; do
  {{ grep -v '^libvirt-qemu:' "/etc/$account"; echo "{account}"; }} >"$account"
  mount --bind "$account" "/etc/$account"
done
for place in {hidden}; do mount -t tmpfs none "$place"; done
mkdir -p /etc/libvirt/hooks/qemu.d /run/godwit /run/libvirt /var/{{cache,lib,log}}/libvirt
ln -s {hook} /etc/libvirt/hooks/qemu.d/godwit
ln -s {socket} /run/godwit/godwit.sock
cp qemu.conf /etc/libvirt
{daemon} --config "$PWD/libvirtd.conf" &
wait $!
'''

QEMU = '''user = "root"
group = "root"
security_driver = "none"
stdio_handler = "file"
dynamic_ownership = 0
namespaces = []
cgroup_controllers = []
'''

LIBVIRTD = '''unix_sock_dir = "{directory}"
auth_unix_rw = "none"
host_uuid = "{uuid}"
log_outputs = "3:file:{directory}/libvirtd.log"
'''

DOMAIN = '''<domain type='qemu'>
  <name>{name}</name>
  <uuid>7d3f0a52-5c1e-4b7a-9d0c-52540000002a</uuid>
  <memory unit='MiB'>{memory}</memory>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initramfs}</initrd>
    <cmdline>console=ttyS0 quiet panic=-1 vm.ip={ip}</cmdline>
  </os>
  <features><acpi/></features>
  <devices>
    <emulator>{emulator}</emulator>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
    <serial type='file'><source path='{log}'/></serial>
    <interface type='ethernet'>
      <mac address='{mac}'/>
      <target dev='{tap}' managed='no'/>
      <model type='virtio'/>
      <driver name='qemu'><host csum='off' gso='off'/></driver>
      <rom enabled='no'/>
    </interface>
  </devices>
</domain>
'''


def why_not(*paths):
    """Why there can be no libvirt here that uses these paths; None if there can."""
    missing = [tool for tool in (DAEMON, DRIVER, 'virsh', 'unshare')
               if not os.path.exists(tool) and not shutil.which(tool)]
    if missing:
        return f'no {", ".join(missing)} here (packages {PACKAGES})'
    for path in (SCRIPTS, *map(pathlib.Path, paths)):
        if any(path.resolve().is_relative_to(place) for place in HIDDEN):
            return f'{path} is in a place that libvirt is not to see'
    return None


class Host:
    """A host that runs libvirt's daemon."""

    def __init__(self, directory, name, socket):
        """`socket` is that of the host's godwit."""
        self.directory = pathlib.Path(directory) / name
        self.directory.mkdir()
        self.uri = f'qemu+unix:///system?socket={self.directory}/libvirt-sock'
        (self.directory / 'qemu.conf').write_text(QEMU)
        (self.directory / 'libvirtd.conf').write_text(LIBVIRTD.format(directory=self.directory, uuid=uuid.uuid4()))
        begin = BEGIN.format(name=name, hidden=' '.join(HIDDEN), hook=SCRIPTS / 'libvirt-hook', socket=socket, daemon=DAEMON,
                             account='libvirt-qemu:x:64055:64055::/:/bin/false')
        self._out = open(self.directory / 'out', 'w+')
        namespaces = ['--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc']
        self._process = subprocess.Popen(['unshare', *namespaces, 'bash', '-c', begin], cwd=self.directory,
                                         stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._out)
        try:
            self._wait()
        except BaseException:
            self.end()
            raise

    def _wait(self, seconds=30):
        end = time.monotonic() + seconds
        while not self._answers():
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError(f"libvirt's daemon does not start: {self.said()}")
            time.sleep(0.05)

    def _answers(self):
        try:
            return subprocess.run(['virsh', '-c', self.uri, 'uri'], capture_output=True, timeout=10,
                                  check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def said(self):
        log = self.directory / 'libvirtd.log'
        return (self.directory / 'out').read_text() + (log.read_text() if log.exists() else '')

    def virsh(self, *words, seconds=60):
        done = subprocess.run(['virsh', '-c', self.uri, *map(str, words)], capture_output=True, text=True,
                              timeout=seconds, check=False)
        if done.returncode != 0:
            raise RuntimeError(f'virsh {words[0]}: {done.stderr}{self.said()}')
        return done.stdout

    def end(self, seconds=10):
        """All that runs in the host ends with its first process, which is gone when they are."""
        children = pathlib.Path(f'/proc/{self._process.pid}/task/{self._process.pid}/children')
        first = children.read_text().split() if children.exists() else []
        self._process.kill()
        self._process.wait()
        end = time.monotonic() + seconds
        while any(os.path.exists(f'/proc/{pid}') for pid in first) and time.monotonic() < end:
            time.sleep(0.02)
        self._out.close()


class Machine:
    """The machine on a host: it runs there, or is to arrive there. As vm.Vm, as far as both can."""

    def __init__(self, directory, name, kernel, initramfs, mac, ip, tap, socket, incoming=False):
        self.host = Host(directory, name, socket)
        self.log = self.host.directory / 'console'
        self.description = self.host.directory / 'machine.xml'
        try:
            self.description.write_text(DOMAIN.format(
                name=NAME, memory=int(vm.MEMORY[:-1]), kernel=kernel.image, initramfs=initramfs, ip=ip,
                emulator=shutil.which(vm.QEMU), log=self.log, mac=mac, tap=tap))
            if not incoming:
                self.host.virsh('create', self.description)
        except BaseException:
            self.end()
            raise

    def wait_until_up(self):
        try:
            vm.wait_for_boot(self.log)
        except RuntimeError as error:
            raise RuntimeError(f'{error}{self.host.said()}') from error

    def migrate_to(self, target):
        """Returns what query-migrate says in the end, of which libvirt tells nothing."""
        self.host.virsh('migrate', '--live', '--xml', target.description, '--migrateuri',
                        f'unix://{target.host.directory}/migration', NAME, target.host.uri)
        return {'downtime': None}

    def destroy(self):
        self.host.virsh('destroy', NAME)

    def end(self):
        self.host.end()
