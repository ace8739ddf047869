"""The devices that a configuration switches on, as QEMU gets them, and their other ends on the host.

Every enabled board node with pecan,qemu-device becomes a -device on its bus; a disk is a sparse image file
that is kept between runs; the management port and each VM's consoles are unix sockets.
"""

import contextlib
import os
import pathlib
import shutil
import tempfile

from . import dts, running
from .ui import PecanError

# The longest socket path that every system takes, and what our names add to the folder.
SOCKET_PATH_MAX = 104
SOCKET_NAME_MAX = len("/pecan-12345678/console.") + 31 + len(".hvc0")
PORT_CONTROL = "org.pecan.control"
PORT_CONSOLE = "org.pecan.console."
PECAN_SHARED = 0


def quote(value):
    """A value within a QEMU option: its comma separates fields unless doubled."""
    return str(value).replace(",", ",,")


def given(root):
    """The board devices that the configuration switches on and QEMU has to be told of."""
    return [node for node in root.children if "pecan,qemu-device" in node.properties and node.enabled()]


def name_of(node):
    """What --disk and --net call a device: its drive's name, else its label."""
    return node.string("pecan,qemu-drive") or node.label or node.name


def is_console(node):
    return node is not None and node.string("pecan,qemu-device") == "virtio-serial-device"


def consoles(root):
    """The names of all consoles: each domain's, and DOMAIN.hvc0 where the domain has a virtio console."""
    handles = dts.by_phandle(root)
    for domain in dts.domains(root):
        yield domain.name
        if any(is_console(node) and flags == PECAN_SHARED for node, flags in dts.access(domain, handles)):
            yield f"{domain.name}.hvc0"


def pairs(options, what):
    """{NAME: VALUE} of command-line options NAME=VALUE."""
    found = {}
    for option in options or ():
        name, equals, value = option.partition("=")
        if not (name and equals and value):
            raise PecanError(f"--{what} {option}: not NAME={what.upper()}", status=2)
        found[name] = value
    return found


def socket_folder():
    """A new folder for sockets, on a path short enough for them."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    usable = runtime and len(runtime) + SOCKET_NAME_MAX <= SOCKET_PATH_MAX and os.access(runtime, os.W_OK)
    return pathlib.Path(tempfile.mkdtemp(prefix="pecan-", dir=runtime if usable else "/tmp"))


def disk_image(path, size, may_create):
    """Makes sure that a disk image exists and is large enough."""
    if size >> 63:
        raise PecanError(f"no file can be the disk image {path} of {size} bytes", "Make pecan,size smaller.")
    if path.is_file() or may_create:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab") as image:
            if os.fstat(image.fileno()).st_size < size and may_create:
                image.truncate(size)
    if path.is_file() and path.stat().st_size < size:
        raise PecanError(f"the disk image {path} has {path.stat().st_size} bytes; the configuration says {size}",
                         f"Enlarge it: truncate -s {size} {path}")
    if not path.exists():
        raise PecanError(f"there is no disk image {path}", f"Make one: truncate -s {size} {path}")


class Devices:
    """What one run gives QEMU: `arguments`; and where to reach it: `control`, `consoles`. A context manager.

    folder: for disk images and the note that says where the running system is. disks, nets: {name: image
    file} and {name: -netdev value} in place of the usual ones.
    """

    def __init__(self, config, board, folder, disks=None, nets=None):
        self.config = pathlib.Path(config).stem if config else "empty"
        self.board = board
        self.folder = pathlib.Path(folder)
        self.arguments = []
        self.control = None
        self.consoles = {}
        self._note = None
        self._sockets = None
        self._disks, self._nets = dict(disks or {}), dict(nets or {})
        root = dts.parse(dts.compile_dts(config, board, labels=True))
        self.guests = [node.name for node in dts.domains(root)]
        self.nodes = given(root)
        self._refuse_unknown(self._disks, "disk", "virtio-blk-device")
        self._refuse_unknown(self._nets, "net", "virtio-net-device")
        if self.nodes:
            running.refuse_second(self.folder, self.config)
            self._root = root
            self._add_all()

    def _refuse_unknown(self, chosen, what, kind):
        known = [name_of(node) for node in self.nodes if node.string("pecan,qemu-device") == kind]
        for name in chosen:
            if name not in known:
                raise PecanError(f"--{what} {name}: the configuration {self.config} switches on no such device",
                                 f"It has: {', '.join(known) or 'none'}.")

    def _add_all(self):
        self.arguments += ["-global", "virtio-mmio.force-legacy=false"]
        makers = {"virtio-blk-device": self._disk, "virtio-net-device": self._net,
                  "virtio-serial-device": self._serial, "virtio-rng-device": self._entropy}
        for node in self.nodes:
            kind, bus = node.string("pecan,qemu-device"), node.string("pecan,qemu-bus")
            if kind not in makers or not bus:
                raise PecanError(f"{node.path}: pecan,qemu-device: '{kind}' on bus '{bus}' cannot be made",
                                 f"Devices: {', '.join(makers)}; each needs pecan,qemu-bus.")
            makers[kind](node, name_of(node), f"{kind},bus={quote(bus)}")

    def _disk(self, node, name, device):
        cells = node.cells("pecan,size")
        if not cells or len(cells) != 2:
            raise PecanError(f"{node.path}: pecan,size: missing", "Give the disk's size as <hi lo>, in bytes.")
        own = name not in self._disks
        path = self.folder / f"{self.config}.{name}.img" if own else pathlib.Path(self._disks[name]).resolve()
        disk_image(path, cells[0] << 32 | cells[1], own)
        self.arguments += ["-drive", f"file={quote(path)},if=none,id={name},format=raw,discard=unmap",
                           "-device", f"{device},drive={name}"]

    def _net(self, _, name, device):
        backend = self._nets.get(name, "user,restrict=on")
        self.arguments += ["-netdev", f"{backend},id={name}", "-device", f"{device},netdev={name}"]

    def _entropy(self, _, name, device):
        self.arguments += ["-object", f"rng-random,id={name},filename=/dev/urandom",
                           "-device", f"{device},rng={name}"]

    def _serial(self, _, name, device):
        if self._sockets:
            raise PecanError("the configuration switches on two console devices", "One serves all VMs.")
        self._sockets = socket_folder()
        self.control = self._sockets / "control"
        self.consoles = {console: self._sockets / f"console.{console}" for console in consoles(self._root)}
        ports = {PORT_CONTROL: self.control}
        ports.update({PORT_CONSOLE + console: path for console, path in self.consoles.items()})
        # Port 0 is QEMU's own console, which we do not use.
        self.arguments += ["-device", f"{device},id={name},max_ports={len(ports) + 1}"]
        for number, (port, path) in enumerate(ports.items(), 1):
            self.arguments += [
                "-chardev", f"socket,id={name}.{number},path={quote(path)},server=on,wait=off",
                "-device", f"virtserialport,bus={name}.0,nr={number},chardev={name}.{number},name={quote(port)}"]

    def started(self, pid):
        """Notes where the system with that process can be reached, for `./pecan vm`."""
        if self._note is None and not (not self.nodes and running.alive(self.folder, self.config)):
            self._note = running.write(self.folder, self.config, {
                "pid": pid, "config": self.config, "board": self.board,
                "control": str(self.control) if self.control else None,
                "consoles": {name: str(path) for name, path in self.consoles.items()}})

    def close(self):
        """Removes sockets and note; disk images stay."""
        if self._note:
            with contextlib.suppress(OSError):
                self._note.unlink()
            self._note = None
        if self._sockets:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def for_run(options, config, folder):
    """The Devices of ./pecan run and ./pecan debug."""
    return Devices(config, options.board, folder / "run", pairs(options.disk, "disk"), pairs(options.net, "net"))
