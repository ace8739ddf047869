"""Who gets what: entries of `access` one by one, then what no two domains can have together."""

from . import model
from .common import Problem, limits, readable
from .domain import PROPERTIES, direct_map, memory
from .model import DEDICATED, MEMORY, SHARED

FLAGS = {SHARED: "PECAN_SHARED", DEDICATED: "PECAN_DEDICATED", MEMORY: "PECAN_MEMORY"}
# Kinds whose entry belongs to one domain alone.
EXCLUSIVE = ("partition", "port")
SHAREABLE = ("partition", "port", "channel", "console device", "entropy device")
BUS_MASTERS = ("virtio,mmio",)
# What every guest finds at fixed places, as on QEMU's virt machine: pages, what.
MACHINE = ((range(0x08000, 0x08020), "interrupt controller"), (range(0x09000, 0x09001), "serial port"),
           (range(0x0a000, 0x0a001), "virtio devices"), (range(0x0b000, 0x0b080), "channels"))
# Why a device cannot be shared, and what to do instead.
UNSHARED = {
    "disk": "give one of its partitions, or PECAN_DEDICATED",
    "network device": "give a port of a switch that has it as uplink, or PECAN_DEDICATED",
    "clock": "every VM has a clock: remove the entry, or give PECAN_DEDICATED",
    "serial port": "every VM has a serial port: remove the entry",
}


def _refused(grant, what, remedy, node=None):
    return Problem(grant.domain.path, "access", f"'{(node or grant.node).name}' {what}", remedy)


def _flags(system, grant):
    """What is wrong with the flags of an entry, for the kind of thing that it gives."""
    kind = system.kind(grant.node)
    if grant.flags not in FLAGS:
        return _refused(grant, f"has the unknown flags {grant.flags}", f"give one of {', '.join(FLAGS.values())}")
    if grant.flags == DEDICATED and kind == "channel":
        return _refused(grant, "is a channel and takes PECAN_SHARED or PECAN_MEMORY, not PECAN_DEDICATED",
                        "give PECAN_SHARED or PECAN_MEMORY")
    if grant.flags == MEMORY and kind != "channel" or grant.flags == DEDICATED and kind in EXCLUSIVE:
        return _refused(grant, f"is a {kind if kind in EXCLUSIVE else 'device'} and takes PECAN_SHARED, not "
                        f"{FLAGS[grant.flags]}", "see the table in docs/book/configuration.md")
    if grant.flags == DEDICATED and kind == "serial port":
        return Problem(grant.node.path, "", "the system's own console cannot be dedicated", UNSHARED[kind])
    if grant.flags == SHARED and kind not in SHAREABLE:
        return _refused(grant, "cannot be shared as a whole", UNSHARED.get(kind, "give PECAN_DEDICATED"))
    return None


def _entries(system, domain):
    """Entries by themselves."""
    if not readable(domain, "access", PROPERTIES):
        return
    for handle in domain.cells("access")[::2]:
        if handle not in system.handles:
            yield Problem(domain.path, "access", f"no node has the phandle {handle:#x}",
                          "name a node by its label: <&label PECAN_SHARED>")
    seen = set()
    for grant in (grant for grant in system.grants if grant.domain is domain):
        holder = model.holder(grant.node) if system.kind(grant.node) in EXCLUSIVE else grant.node
        if system.kind(grant.node) is None:
            yield _refused(grant, "is nothing that a domain can be given",
                           "name a device, a partition, a switch's port or a channel")
        elif grant.node.path in seen:
            yield _refused(grant, "is given twice", "name it once")
        elif not holder.enabled():
            yield _refused(grant, "is disabled", model.switch_on(holder), holder)
        else:
            problem = _flags(system, grant)
            if problem:
                yield problem
            if system.kind(grant.node) not in ("port", "channel"):
                yield from model.unusable(holder)
        seen.add(grant.node.path)


def _uses(system, grant):
    """Entries by which others have a device, or a part of it."""
    return [other for other in system.grants if other is not grant and
            grant.node in (other.node, model.holder(other.node) if system.kind(other.node) == "partition" else None)]


def _conflicts(system, grant):
    """Other domains' entries for the same thing; of two alike, the later one is reported."""
    before = system.grants[:system.grants.index(grant)]
    if system.kind(grant.node) in EXCLUSIVE:
        for other in before:
            if other.node is grant.node and other.domain is not grant.domain:
                yield _refused(grant, f"belongs to {other.domain.name} already",
                               f"give each domain a {system.kind(grant.node)} of its own")
                return
    elif grant.flags == DEDICATED and grant.node in system.devices:
        for other in _uses(system, grant):
            if other.node is grant.node and other.domain is grant.domain:
                continue
            if other.flags != DEDICATED or other in before:
                verb = "dedicated to" if other.flags == DEDICATED else "shared with"
                yield _refused(grant, f"is {verb} {other.domain.name} already",
                               "give it to one domain, or share it among all")
                return


def _pages(system, grant):
    """Whole pages are given away: nobody else's registers may lie in them, nor the VM's own machine."""
    own = next(iter(model.pages(grant.node)), range(0))
    for place, what in MACHINE:
        first = model.overlap(own, place)
        if first is not None:
            yield _refused(grant, f"lies in the page {first << 12:#x}, where guests find their VM's {what}",
                           "use a device in a page of its own")
    ram = None if direct_map(grant.domain) else memory(grant.domain)
    if ram and model.overlap(own, range(ram[0] // model.PAGE, sum(ram) // model.PAGE)) is not None:
        yield _refused(grant, "lies where the domain has its memory", "move the memory, or use another device")
    for other in system.devices:
        shared = next((page for pages in model.pages(other)
                       if (page := model.overlap(own, pages)) is not None), None)
        if other is not grant.node and shared is not None and other.enabled() \
                and not system.has(grant.domain, other):
            yield Problem(grant.domain.path, "access",
                          f"the page at {shared << 12:#x} of '{grant.node.name}' holds registers of "
                          f"'{other.name}' too", f"dedicate '{other.name}' to {grant.domain.name} too, switch it off, "
                          "or use a device in a page of its own")


def _interrupts(system, grant):
    """An interrupt goes to one place."""
    own = grant.node.cells("interrupts")
    if own is None:
        yield Problem(grant.node.path, "interrupts", "missing", "give the device's interrupt")
    for other in system.devices:
        if other is not grant.node and other.enabled() and own and other.cells("interrupts") == own \
                and not system.has(grant.domain, other):
            yield _refused(grant, f"has the interrupt of '{other.name}'", "use another device, or switch that one off")


def _masters(grant):
    """Without an IOMMU a device reaches all of memory: both flags say that somebody thought of it."""
    if not set(BUS_MASTERS) & set(grant.node.strings("compatible")):
        return
    if "pecan,dma-trusted" not in grant.domain.properties:
        yield _refused(grant, "masters the bus and can reach all memory",
                       "add pecan,dma-trusted if this VM may, or share the device")
    if not direct_map(grant.domain):
        yield _refused(grant, "masters the bus with physical addresses", "add pecan,direct-map, or share the device")


def _per_domain(system, domain):
    """The tables that one VM has."""
    own = [grant for grant in system.grants if grant.domain is domain]
    kinds = [system.kind(grant.node) for grant in own if grant.flags == SHARED]
    channels = [grant for grant in own if system.kind(grant.node) == "channel"]
    devices = sum(kinds.count(kind) for kind in ("partition", "port")) + bool(channels) \
        + sum(kind in kinds for kind in ("console device", "entropy device"))
    for count, limit, what in ((devices, "L4_VM_DEVICES", "virtual device"),
                               (len(channels), "L4_START_VM_CHANNELS", "channel")):
        most = limits()[limit]
        if count > most:
            yield Problem(domain.path, "access", f"more than {most} {what}s", "remove some")


def _limits(system):
    """The tables that all VMs have together."""
    kinds = [(system.kind(grant.node), grant.flags) for grant in system.grants]
    counts = (
        (len(system.domains), "L4_START_CLIENTS", "", "domains"),
        (sum(kind == "partition" for kind, _ in kinds), "L4_START_DISKS", "access", "partitions are given"),
        (sum(flags == DEDICATED for _, flags in kinds), "L4_START_GRANTS", "access", "devices are dedicated"),
        (sum(len(system.users(channel)) == 2 for channel in system.channels), "L4_START_CHANNELS", "access",
         "channels"),
        (sum(kind == "port" for kind, _ in kinds) + system.uplinks, "L4_START_PORTS", "access", "ports are in use"),
    )
    for count, limit, prop, what in counts:
        most = limits()[limit]
        if count > most:
            yield Problem("/domains", prop, f"more than {most} {what}", "remove some")


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
