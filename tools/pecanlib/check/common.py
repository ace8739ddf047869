"""What all cross-checks share: a problem, the encodings of properties, the limits of the target's tables."""

import dataclasses
import functools
import re

from .. import project

KERNEL_HINT = "remove it, or check its spelling against configs/bindings"
LIMITS_HEADER = project.ROOT / "libs" / "abi" / "include" / "l4" / "proto" / "init.h"


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


@functools.cache
def limits():
    """{name: number} of the plain constants of l4/proto/init.h."""
    return {name: int(value) for name, value in
            re.findall(r"^#define (L4_\w+) (\d+)u\b", LIMITS_HEADER.read_text(), re.M)}


def plural(count, one, many=None):
    return f"{count} {one if count == 1 else many or one + 's'}"


def _cells_problem(node, name, count):
    cells = node.cells(name)
    if cells is None or not cells:
        return "must be 32-bit cells"
    if count == "range":
        return None if len(cells) == 4 else "must be one range: <address-hi address-lo size-hi size-lo>"
    if count == "pairs":
        return None if len(cells) % 2 == 0 else "must be pairs: <&node flags>, ..."
    if count and len(cells) != int(count):
        return f"must be {plural(int(count), 'cell')}{': <hi lo>' if count == '2' else ''}"
    return None


def encoding_problem(node, name, kind):
    """Why a property's value cannot be read, or None.

    kind: any; flag (no value); string; strings; mac; cells (some 32-bit cells), cells/N, cells/range, cells/pairs.
    """
    value = node.properties[name]
    kind, _, count = kind.partition("/")
    if kind == "flag":
        return "is a flag and takes no value" if value else None
    if kind in ("string", "strings"):
        text = value[:-1] if value.endswith(b"\0") else None
        if not text or (kind == "string" and b"\0" in text):
            return "must be one string" if kind == "string" else "must be strings"
    if kind == "mac":
        return None if len(value) == 6 else "must be 6 bytes: [02 00 00 00 00 01]"
    return _cells_problem(node, name, count) if kind == "cells" else None


def properties(node, table, only=""):
    """Unknown and unreadable properties of a node; only: a prefix of those that are looked at."""
    for name in node.properties:
        if not name.startswith(only):
            continue
        if name not in table:
            yield Problem(node.path, name, "unknown property", KERNEL_HINT)
            continue
        what = encoding_problem(node, name, table[name])
        if what:
            yield Problem(node.path, name, what, "see configs/bindings")


def readable(node, name, table):
    """True when a node has the property in its encoding."""
    return name in node.properties and encoding_problem(node, name, table[name]) is None


def number(node, name, low, high):
    """A cell outside [low, high]."""
    cells = node.cells(name)
    if cells and len(cells) == 1 and not low <= cells[0] <= high:
        yield Problem(node.path, name, f"{cells[0]} is out of range",
                      f"give {low} to {high}" if low != high else f"give {low}")


def wide(cells):
    """A number of two cells, high and low."""
    return cells[0] << 32 | cells[1]


def status(node):
    if node.string("status") not in (None, "okay", "ok", "disabled"):
        yield Problem(node.path, "status", f"unknown status '{node.string('status')}'", "give okay or disabled")


def expect_cells(node, name, value):
    """A property such as #address-cells that has one right value."""
    if node.cells(name) != [value]:
        yield Problem(node.path, name, f"must be <{value}>", f"write {name} = <{value}>;")
