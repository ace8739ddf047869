"""Who gets what: entries of `access` one by one, then what no two domains can have together."""

from . import model
from .common import Problem, limits, plural, readable
from .domain import PROPERTIES, direct_map
from .model import DEDICATED, MEMORY, SHARED, disk_of

FLAGS = {SHARED: "PECAN_SHARED", DEDICATED: "PECAN_DEDICATED", MEMORY: "PECAN_MEMORY"}
# Kinds whose entry belongs to one domain alone.
EXCLUSIVE = ("partition", "port")
SHAREABLE = ("partition", "port", "channel", "console device", "entropy device")
BUS_MASTERS = ("virtio,mmio",)
# Guests find VM's own virtio devices in this page.
VIRTIO_PAGE = 0x0a000
# Why a device cannot be shared, and what to do instead.
UNSHARED = {
    "disk": "give one of its partitions, or dedicate it: PECAN_DEDICATED",
    "network device": "give a port of a switch that has it as uplink, or dedicate it: PECAN_DEDICATED",
    "clock": "every VM has a clock: remove the entry, or dedicate it: PECAN_DEDICATED",
    "serial port": "every VM has a serial port: remove the entry",
}


def _refused(grant, what, remedy):
    return Problem(grant.domain.path, "access", f"{grant.place} {what}", remedy)


def _flags(system, grant):
    """What is wrong with the flags of an entry, for the kind of thing that it gives."""
    kind = system.kind(grant.node)
    if grant.flags not in FLAGS:
        return _refused(grant, f"has unknown flags {grant.flags:#x}", f"give one of {', '.join(FLAGS.values())}")
    if grant.flags == MEMORY and kind != "channel":
        return _refused(grant, "is no channel", "PECAN_MEMORY is for channels: write PECAN_SHARED")
    if grant.flags == DEDICATED and kind in ("partition", "port", "channel"):
        return _refused(grant, f"is a {kind} and cannot be dedicated", "write PECAN_SHARED")
    if grant.flags == DEDICATED and kind == "serial port":
        return _refused(grant, "is the serial port of all consoles and cannot be dedicated", UNSHARED[kind])
    if grant.flags == SHARED and kind not in SHAREABLE:
        return _refused(grant, "cannot be shared", UNSHARED.get(kind, "dedicate it: PECAN_DEDICATED"))
    return None


def _entries(system, domain):
    """Entries by themselves."""
    if not readable(domain, "access", PROPERTIES):
        return
    cells = domain.cells("access")
    for entry, handle in enumerate(cells[::2]):
        if handle not in system.handles:
            yield Problem(domain.path, "access", f"entry {entry}: no node has the handle {handle:#x}",
                          "name a node by its label: <&label flags>")
    seen = set()
    for grant in (grant for grant in system.grants if grant.domain is domain):
        device = disk_of(grant.node) if system.kind(grant.node) == "partition" else grant.node
        if system.kind(grant.node) is None:
            yield _refused(grant, "is nothing that a domain can be given",
                           "give a partition, a port, a channel or a device of the board")
        elif grant.node.path in seen:
            yield _refused(grant, "is listed twice", "remove one")
        elif not device.enabled():
            yield _refused(grant, "is disabled" if device is grant.node else f"lies on {device.path}, which is "
                           "disabled", model.switch_on(device))
        else:
            problem = _flags(system, grant)
            if problem:
                yield problem
        seen.add(grant.node.path)


def _conflicts(system, grant):
    """Other domains' entries for the same thing; of two, the later one is reported."""
    others = [other for other in system.grants_of(grant.node) if other.domain is not grant.domain]
    kind = system.kind(grant.node)
    earlier = system.grants.index(grant)
    for other in others:
        before = system.grants.index(other) < earlier
        if kind in EXCLUSIVE and before:
            yield _refused(grant, f"is given to {other.domain.path} already",
                           f"a {kind} belongs to one domain: remove one of the entries")
        elif grant.flags == DEDICATED == other.flags and before:
            yield _refused(grant, f"is dedicated to {other.domain.path} already",
                           "one domain can have it: remove one of the entries")
        elif grant.flags == DEDICATED != other.flags:
            yield _refused(grant, f"is shared with {other.domain.path}", "share it with both or dedicate it to one")
    if kind == "disk" and grant.flags == DEDICATED:
        for other in system.grants:
            if system.kind(other.node) == "partition" and disk_of(other.node) is grant.node:
                yield _refused(grant, f"has a partition that is given to {other.domain.path}",
                               "dedicate the disk or share its partitions, not both")


def _pages(system, grant):
    """Whole pages are given away: nobody else's registers may lie in them."""
    own = model.pages(grant.node)
    if not own:
        yield Problem(grant.node.path, "reg", "missing", "a dedicated device needs registers")
    if VIRTIO_PAGE in own:
        yield _refused(grant, f"lies in the page {VIRTIO_PAGE << 12:#x}, where every guest has virtio devices of its VM",
                       "use a device in a page of its own")
    for other in system.devices:
        shared = own & model.pages(other)
        if other is grant.node or not shared or not other.enabled() or system.owner(other) is grant.domain:
            continue
        yield _refused(grant, f"has its registers in the page {min(shared) << 12:#x} with {other.path}, which "
                       f"{grant.domain.name} does not get", "dedicate that too, switch it off, or use a device in a "
                       "page of its own")


def _interrupts(system, grant):
    """An interrupt goes to one place."""
    own = grant.node.cells("interrupts") or []
    for other in system.devices:
        if other is not grant.node and other.enabled() and own and other.cells("interrupts") == own \
                and system.owner(other) is not grant.domain:
            yield _refused(grant, f"has the interrupt of {other.path}, which {grant.domain.name} does not get",
                           "use another device, or switch that one off")


def _masters(grant):
    """Without an IOMMU a device reaches all of memory: both flags say that somebody thought of it."""
    if not set(BUS_MASTERS) & set(grant.node.strings("compatible")):
        return
    if "pecan,dma-trusted" not in grant.domain.properties:
        yield Problem(grant.domain.path, "pecan,dma-trusted", f"missing, and {grant.node.path} masters the bus",
                      "add it if this VM may reach all memory of the machine through its device")
    if not direct_map(grant.domain):
        yield Problem(grant.domain.path, "pecan,direct-map", f"missing, and {grant.node.path} masters the bus",
                      "add it, so that the addresses that the guest gives the device are physical ones")


def _per_domain(system, domain):
    """The tables that one VM has."""
    own = [grant for grant in system.grants if grant.domain is domain]
    kinds = [system.kind(grant.node) for grant in own if grant.flags == SHARED]
    memory = [grant for grant in own if system.kind(grant.node) == "channel"]
    devices = sum(kinds.count(kind) for kind in SHAREABLE if kind != "channel") + ("channel" in kinds)
    for count, limit, what in ((devices, "L4_VM_DEVICES", "virtio device"),
                               (len(memory), "L4_START_VM_CHANNELS", "channel")):
        most = limits()[limit]
        if count > most:
            yield Problem(domain.path, "access", f"asks for {plural(count, what)}", f"at most {most}: remove some")
    for kind in ("console device", "entropy device"):
        if kinds.count(kind) > 1:
            yield Problem(domain.path, "access", f"lists {plural(kinds.count(kind), kind)}", "one is enough: remove some")


def _limits(system):
    """The tables that all VMs have together."""
    kinds = [(system.kind(grant.node), grant.flags) for grant in system.grants]
    counts = (
        (len(system.domains), "L4_START_CLIENTS", "", "domain"),
        (sum(kind == "partition" for kind, _ in kinds), "L4_START_DISKS", "access", "partition"),
        (sum(flags == DEDICATED for _, flags in kinds), "L4_START_GRANTS", "access", "dedicated device"),
        (len(system.channels), "L4_START_CHANNELS", "access", "channel"),
        (sum(kind == "port" for kind, _ in kinds), "L4_START_PORTS", "access", "port"),
    )
    for count, limit, prop, what in counts:
        most = limits()[limit]
        if count > most:
            yield Problem("/domains", prop, f"more than {most} {what}s", "remove some")


def problems(system):
    for domain in system.domains:
        yield from _entries(system, domain)
        yield from _per_domain(system, domain)
    for grant in system.grants:
        yield from _conflicts(system, grant)
        if grant.flags == DEDICATED and grant.node in system.devices and grant.node.enabled():
            yield from _pages(system, grant)
            yield from _interrupts(system, grant)
            yield from _masters(grant)
    yield from _limits(system)
