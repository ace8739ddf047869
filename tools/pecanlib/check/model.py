"""The whole configuration: what its nodes are, and which domain lists what in `access`."""

import dataclasses

from .. import dts
from .common import Problem, wide

PAGE = 0x1000
ADDRESS_END = 1 << 40
SHARED, DEDICATED, MEMORY = 0, 1, 2
SWITCH, CHANNEL, PARTITIONS = "pecan,ethernet-switch", "pecan,channel", "fixed-partitions"
# pecan,qemu-device: kind
VIRTIO = {"virtio-blk-device": "disk", "virtio-net-device": "network device",
          "virtio-serial-device": "console device", "virtio-rng-device": "entropy device"}
# compatible: kind
FIXED = {"arm,pl011": "serial port", "arm,pl031": "clock"}
# Nodes of the root that are nobody's device.
OTHER = ("domains", "chosen", "aliases", "cpus", "memory", "__symbols__", "__fixups__", "__local_fixups__")


@dataclasses.dataclass(eq=False)
class Grant:
    """One entry of a domain's `access`: the domain, the node and the flags."""

    domain: object
    node: object
    flags: int


class System:
    """A parsed configuration, sorted by kinds of nodes."""

    def __init__(self, root):
        self.root = root
        self.handles = dts.by_phandle(root)
        self.domains = dts.domains(root)
        nodes = root.children
        self.switches = [node for node in nodes if SWITCH in node.strings("compatible")]
        self.channels = [node for node in nodes if CHANNEL in node.strings("compatible")]
        self.devices = [node for node in nodes if "reg" in node.properties and node.strings("compatible")
                        and node not in self.switches + self.channels and not _other(node)]
        self.unknown = [node for node in nodes if node not in self.switches + self.channels + self.devices
                        and not _other(node)]
        self.uplinks = sum("ethernet" in port.properties for switch in self.switches if switch.enabled()
                           for port in switch.children)
        self.kinds = self._kinds()
        self.grants = [Grant(domain, node, flags) for domain in self.domains
                       for node, flags in dts.access(domain, self.handles) if node]

    def _kinds(self):
        kinds = {node.path: "channel" for node in self.channels}
        for node in self.devices:
            fixed = next((FIXED[name] for name in node.strings("compatible") if name in FIXED), "device")
            kinds[node.path] = VIRTIO.get(node.string("pecan,qemu-device"), fixed)
            kinds.update({child.path: "partition" for child in partitions(node)})
        kinds.update({port.path: "port" for switch in self.switches for port in switch.children})
        return kinds

    def kind(self, node):
        """partition, port, channel, disk, ..., device; None for a node that is nothing to give away."""
        return self.kinds.get(node.path)

    def grants_of(self, node):
        return [grant for grant in self.grants if grant.node is node]

    def users(self, node):
        """The domains that list a node, each once."""
        found = {grant.domain.path: grant.domain for grant in self.grants_of(node)}
        return list(found.values())

    def owner(self, device):
        """The domain that a device is dedicated to (the first one), or None."""
        return next((grant.domain for grant in self.grants_of(device) if grant.flags == DEDICATED), None)

    def has(self, domain, device):
        """True when a device is dedicated to a domain."""
        return any(grant.domain is domain and grant.flags == DEDICATED for grant in self.grants_of(device))


def _other(node):
    return node.name.split("@")[0] in OTHER


def partitions(device):
    table = device.child("partitions")
    return table.children if table else []


def holder(node):
    """A partition's disk; a port's switch."""
    return node.parent.parent if node.parent.name == "partitions" else node.parent


def registers(device):
    """[(start, size)] of a device's registers."""
    cells = device.cells("reg") or []
    return [(wide(cells[at:at + 2]), wide(cells[at + 2:at + 4])) for at in range(0, len(cells) - 3, 4)]


def pages(device):
    """[range of the numbers of the pages that hold registers of a device]."""
    return [range(start // PAGE, (start + size - 1) // PAGE + 1) for start, size in registers(device)]


def overlap(one, other):
    """The number of the first page in both of two ranges; None when there is none."""
    first = max(one.start, other.start)
    return first if one and other and first < min(one.stop, other.stop) else None


def unusable(device):
    """A device that somebody uses needs one range of registers."""
    ranges = registers(device)
    if len(device.cells("reg") or []) != 4 or not 0 < ranges[0][1] <= ADDRESS_END - ranges[0][0]:
        yield Problem(device.path, "reg", "no usable range of registers",
                      "give <address-hi address-lo size-hi size-lo>")


def switch_on(node):
    """How to enable a board device."""
    return f'switch it on: &{node.label or node.name} {{ status = "okay"; }};'
