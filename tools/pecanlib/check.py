"""Cross-checks of a partition configuration that a schema cannot make.

Each problem is one line: `file: /node: property: what; remedy`. The root server makes the same checks at
boot; here they come with the file's name and before anything is packed.
"""

import dataclasses

from . import boards, dts
from .ui import PecanError

PAGE = 0x1000
DOMAIN_COMPATIBLE = "openamp,domain-v1"
FORMATS = ("zimage", "elf", "raw", "rom")
KERNEL_HINT = "remove it, or check its spelling against configs/bindings"

# Property name: how it is encoded. cells/N is N 32-bit cells, string one string, flag no value.
PROPERTIES = {
    "compatible": "strings", "memory": "cells/4n", "cpus": "cells", "access": "cells", "#access-cells": "cells/1",
    "access-flags-names": "strings", "id": "cells", "phandle": "cells/1", "status": "string",
    "pecan,kernel": "string", "pecan,kernel-format": "string", "pecan,load-address": "cells/2",
    "pecan,initrd": "string", "pecan,rom": "string", "pecan,bootargs": "string",
    "pecan,vcpus": "cells/1", "pecan,priority": "cells/1", "pecan,budget-us": "cells/1",
    "pecan,period-us": "cells/1", "pecan,pmu": "flag",
}
PRIORITY = (1, 200)
VCPUS = (1, 1)
# Shortest period and budget that the kernel's scheduler accepts as meaningful.
PERIOD_US = (100, 10_000_000)


@dataclasses.dataclass
class Problem:
    """One thing that is wrong, and what to do about it."""

    path: str
    prop: str
    what: str
    remedy: str

    def __str__(self):
        prop = f" {self.prop}:" if self.prop else ""
        return f"{self.path}:{prop} {self.what}; {self.remedy}"


def _encoding_problem(node, name):
    """Why a known property's value cannot be read, or None."""
    kind, value = PROPERTIES[name], node.properties[name]
    if kind == "flag":
        return "is a flag and takes no value" if value else None
    if kind in ("string", "strings"):
        text = value[:-1] if value.endswith(b"\0") else None
        if not text or (kind == "string" and b"\0" in text):
            return "must be one string" if kind == "string" else "must be strings"
        return None
    cells = node.cells(name)
    if cells is None or not cells:
        return "must be 32-bit cells"
    count = kind.partition("/")[2]
    if count == "4n":
        return None if len(cells) % 4 == 0 else "must be <address-hi address-lo size-hi size-lo>"
    if count and len(cells) != int(count):
        return f"must be {count} cell{'s' if count != '1' else ''}, not {len(cells)}"
    return None


def _properties(node):
    """Unknown and unreadable properties of a domain."""
    for name in node.properties:
        if name not in PROPERTIES:
            yield Problem(node.path, name, "unknown property", KERNEL_HINT)
            continue
        what = _encoding_problem(node, name)
        if what:
            yield Problem(node.path, name, what, "see configs/bindings")


def _number(node, name, low, high, what):
    cells = node.cells(name)
    if cells and len(cells) == 1 and not low <= cells[0] <= high:
        yield Problem(node.path, name, f"{what} {cells[0]} is out of range", f"give {low} to {high}"
                      if low != high else f"give {low}")


def _ranges(node):
    yield from _number(node, "pecan,priority", *PRIORITY, "priority")
    yield from _number(node, "pecan,vcpus", *VCPUS, "vCPU count")
    budget, period = node.cells("pecan,budget-us"), node.cells("pecan,period-us")
    for one, other in (("pecan,budget-us", "pecan,period-us"), ("pecan,period-us", "pecan,budget-us")):
        if one in node.properties and other not in node.properties:
            yield Problem(node.path, one, f"{other} is missing", "give both or neither")
    yield from _number(node, "pecan,period-us", *PERIOD_US, "period")
    if budget and period and len(budget) == len(period) == 1 and not 0 < budget[0] <= period[0]:
        yield Problem(node.path, "pecan,budget-us", f"budget {budget[0]} is not within the period "
                      f"{period[0]}", "give a budget of 1 up to the period")


def memory_ranges(node):
    """[(start, size)] of a domain's memory property; empty when it is absent or unreadable."""
    cells = node.cells("memory") or []
    if len(cells) % 4:
        return []
    return [((cells[at] << 32) | cells[at + 1], (cells[at + 2] << 32) | cells[at + 3])
            for at in range(0, len(cells), 4)]


def _memory(node):
    ranges = memory_ranges(node)
    if not ranges and "memory" not in node.properties:
        yield Problem(node.path, "memory", "missing", "give <address-hi address-lo size-hi size-lo>")
    for start, size in ranges:
        if size == 0 or start % PAGE or size % PAGE:
            yield Problem(node.path, "memory", f"range {start:#x}+{size:#x} is empty or not page-aligned",
                          "align address and size to 0x1000")
        elif start + size > 1 << 32:
            yield Problem(node.path, "memory", f"range {start:#x}+{size:#x} ends above 4 GiB",
                          "guests see 32-bit addresses: move or shrink it")
        elif start < boards.RAM_BASE:
            yield Problem(node.path, "memory", f"range {start:#x}+{size:#x} covers device addresses",
                          f"start it at {boards.RAM_BASE:#x}, where a guest of the virt machine has RAM")
    ordered = sorted(ranges)
    for (start, size), (following, _) in zip(ordered, ordered[1:]):
        if start + size > following:
            yield Problem(node.path, "memory", f"range {start:#x}+{size:#x} overlaps the one at "
                          f"{following:#x}", "separate them")


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
    if form == "raw" and "pecan,load-address" not in node.properties:
        yield Problem(node.path, "pecan,load-address", "missing", "a raw image needs one")
    address = node.cells("pecan,load-address")
    if address and len(address) == 2:
        value = (address[0] << 32) | address[1]
        if not any(start <= value < start + size for start, size in memory_ranges(node)):
            yield Problem(node.path, "pecan,load-address", f"{value:#x} is outside the domain's memory",
                          "give an address within it")
    if "pecan,initrd" in node.properties and form not in (None, "zimage"):
        yield Problem(node.path, "pecan,initrd", f"format '{form}' takes no initrd", "remove it")


def problems(root, board, manifest=None):
    """Every problem of a parsed configuration. manifest: names of the images that exist, when known."""
    parent = root.child("domains")
    if parent is None:
        return [Problem("/", "domains", "missing", "add a /domains node with one node for each VM")]
    found = []
    for name in ("#address-cells", "#size-cells"):
        if parent.cells(name) != [2]:
            found.append(Problem(parent.path, name, "must be <2>", f"write {name} = <2>;"))
    for node in root.children:
        if node.name not in ("domains", "chosen", "aliases", "__symbols__", "__fixups__") and \
                not node.properties.get("compatible"):
            found.append(Problem(node.path, "", "unknown node", "remove it, or give it a compatible"))
    total, names = 0, {}
    for node in parent.children:
        short = node.name.split("@")[0]
        if short in names:
            found.append(Problem(node.path, "", f"another domain is called '{short}' too ({names[short]})",
                                 "give each domain its own name"))
        names[short] = node.path
        if DOMAIN_COMPATIBLE not in node.strings("compatible"):
            found.append(Problem(node.path, "compatible", "not a domain",
                                 f'write compatible = "{DOMAIN_COMPATIBLE}";'))
        for child in node.children:
            found.append(Problem(child.path, "", "unknown node", "a domain has no such child: remove it"))
        found += [*_properties(node), *_ranges(node), *_memory(node), *_images(node, manifest)]
        total += sum(size for _, size in memory_ranges(node))
    available = boards.board(board)[2] << 20
    if total > available:
        found.append(Problem(parent.path, "memory", f"the domains ask for {total >> 20} MiB; the board "
                             f"{board} has {available >> 20} MiB", "give some domain less"))
    return found


def check_file(path, board, manifest=None):
    """Messages, each with the file's name, for a configuration file; empty when it is good."""
    return [f"{path}: {problem}" for problem in problems(dts.parse(dts.compile_dts(path, board, labels=True)), board, manifest)]


def refuse(path, board):
    """Raises with all messages when a configuration is bad."""
    messages = check_file(path, board)
    if messages:
        raise PecanError("\n".join(["the configuration is not usable:", *messages]),
                         f"`./pecan check {path}` checks it again.")
