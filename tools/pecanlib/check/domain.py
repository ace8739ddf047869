"""One domain by itself: its properties, memory, images and share of the processor."""

import re

from .. import boards
from .common import Problem, limits, number, properties, wide

PAGE = 0x1000
DOMAIN_COMPATIBLE = "openamp,domain-v1"
FORMATS = ("zimage", "elf", "raw", "rom")
RESTARTS = ("never", "on-failure")

# Property name: how it is encoded (common.encoding_problem).
PROPERTIES = {
    "compatible": "strings", "memory": "cells/range", "cpus": "cells", "access": "cells/pairs",
    "phandle": "cells/1", "status": "string",
    "pecan,kernel": "string", "pecan,kernel-format": "string", "pecan,load-address": "cells/2",
    "pecan,initrd": "string", "pecan,rom": "string", "pecan,bootargs": "string",
    "pecan,vcpus": "cells/1", "pecan,priority": "cells/1", "pecan,budget-us": "cells/1",
    "pecan,period-us": "cells/1", "pecan,pmu": "flag",
    "pecan,direct-map": "flag", "pecan,dma-trusted": "flag", "pecan,restart": "string",
}
PRIORITY = (1, 200)
VCPUS = (1, 1)
# Shortest period and budget that the kernel's scheduler accepts as meaningful.
PERIOD_US = (100, 10_000_000)


def _ranges(node):
    yield from number(node, "pecan,priority", *PRIORITY)
    yield from number(node, "pecan,vcpus", *VCPUS)
    yield from number(node, "pecan,budget-us", 1, PERIOD_US[1])
    budget, period = node.cells("pecan,budget-us"), node.cells("pecan,period-us")
    for one, other in (("pecan,budget-us", "pecan,period-us"), ("pecan,period-us", "pecan,budget-us")):
        if one in node.properties and other not in node.properties:
            yield Problem(node.path, one, f"{other} is missing", "give both or neither")
    yield from number(node, "pecan,period-us", *PERIOD_US)
    if budget and period and len(budget) == len(period) == 1 and budget[0] > period[0]:
        yield Problem(node.path, "pecan,budget-us", f"budget {budget[0]} is not within the period "
                      f"{period[0]}", "give a budget of 1 up to the period")


def memory(node):
    """(start, size) of a domain's RAM; None when it is absent or unreadable."""
    cells = node.cells("memory") or []
    return (wide(cells[:2]), wide(cells[2:])) if len(cells) == 4 else None


def direct_map(node):
    return "pecan,direct-map" in node.properties


def _memory(node):
    if "memory" not in node.properties:
        yield Problem(node.path, "memory", "missing", "give <address-hi address-lo size-hi size-lo>")
    if not memory(node):
        return
    start, size = memory(node)
    if size == 0 or start % PAGE or size % PAGE:
        yield Problem(node.path, "memory", f"range {start:#x}+{size:#x} is empty or not page-aligned",
                      "align address and size to 0x1000")
    elif start + size > 1 << 32:
        yield Problem(node.path, "memory", f"range {start:#x}+{size:#x} ends above 4 GiB",
                      "guests see 32-bit addresses: move or shrink it")
    elif direct_map(node) and start != 0:
        yield Problem(node.path, "memory", f"with pecan,direct-map the machine chooses the place, not {start:#x}",
                      "give it the address 0x0 0x0")
    elif start < boards.RAM_BASE and not direct_map(node):
        yield Problem(node.path, "memory", f"range {start:#x}+{size:#x} covers device addresses",
                      f"start it at {boards.RAM_BASE:#x}, where a guest of the virt machine has RAM")


def _load_address(node, raw):
    cells, place = node.cells("pecan,load-address"), memory(node)
    if raw and not direct_map(node) and "pecan,load-address" not in node.properties:
        yield Problem(node.path, "pecan,load-address", "missing", "a raw image needs one")
    if cells is None or len(cells) != 2:
        return
    if not raw:
        yield Problem(node.path, "pecan,load-address", "only a raw kernel has one", "remove it")
    elif direct_map(node):
        yield Problem(node.path, "pecan,load-address", "with pecan,direct-map a raw kernel goes to the start of RAM",
                      "remove it")
    elif place and not place[0] <= wide(cells) < sum(place):
        yield Problem(node.path, "pecan,load-address", f"{wide(cells):#x} is outside the domain's memory",
                      "give an address within it")
    elif wide(cells) % 4:
        yield Problem(node.path, "pecan,load-address", f"no instruction can be at {wide(cells):#x}",
                      "give a multiple of 4")


def _images(node, manifest):
    if not any(name in node.properties for name in ("pecan,kernel", "pecan,rom")):
        yield Problem(node.path, "pecan,kernel", "missing", "name an image, or give pecan,rom")
    for name in ("pecan,kernel", "pecan,initrd", "pecan,rom"):
        image = node.string(name)
        if image and manifest is not None and image not in manifest:
            yield Problem(node.path, name, f"no image named '{image}'",
                          f"known images: {', '.join(sorted(manifest))}")
    form = node.string("pecan,kernel-format")
    if form is not None and form not in FORMATS:
        yield Problem(node.path, "pecan,kernel-format", f"unknown format '{form}'",
                      f"give one of {', '.join(FORMATS)}")
    kernel = "pecan,kernel" in node.properties
    yield from _load_address(node, kernel and form == "raw")
    if "pecan,initrd" in node.properties and not (kernel and form in (None, "zimage")):
        yield Problem(node.path, "pecan,initrd", f"format '{form or 'rom'}' takes no initrd", "remove it")


def _texts(node):
    longest = limits()["L4_START_BOOTARGS"] - 1
    arguments = node.string("pecan,bootargs") or ""
    if len(arguments.encode()) > longest:
        yield Problem(node.path, "pecan,bootargs", f"{len(arguments.encode())} characters are too many",
                      f"shorten it to {longest} characters")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", node.name):
        yield Problem(node.path, "", "the domain's name has other characters than it may",
                      "call it by A-Za-z0-9._-, with a letter or digit first")
    if node.name.endswith(".hvc0"):
        yield Problem(node.path, "", "a domain's name with '.hvc0' behind it is that of its virtio console",
                      "call it otherwise")
    if len(node.name.encode()) >= limits()["L4_START_NAME"]:
        yield Problem(node.path, "", "the domain's name is too long",
                      f"shorten it to {limits()['L4_START_NAME'] - 1} characters")
    policy = node.string("pecan,restart")
    if policy is not None and policy not in RESTARTS:
        yield Problem(node.path, "pecan,restart", f"unknown policy '{policy}'", f"give one of {', '.join(RESTARTS)}")


def problems(node, manifest):
    """Every problem of a domain that it has by itself. manifest: names of images that exist, when known."""
    if DOMAIN_COMPATIBLE not in node.strings("compatible"):
        yield Problem(node.path, "compatible", "not a domain", f'write compatible = "{DOMAIN_COMPATIBLE}";')
    for child in node.children:
        yield Problem(node.path, "", f"unknown node '{child.name}'", "a domain has no children: remove it")
    yield from properties(node, PROPERTIES)
    yield from _ranges(node)
    yield from _memory(node)
    yield from _images(node, manifest)
    yield from _texts(node)
