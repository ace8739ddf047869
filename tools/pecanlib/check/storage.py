"""Disks and their partitions, and what we ask of a board device's node."""

from . import model
from .common import Problem, expect_cells, properties, readable, status, wide

SECTOR = 512
LABEL_MAX = 20
DEVICE = {"pecan,size": "cells/2", "pecan,qemu-device": "string", "pecan,qemu-bus": "string",
          "pecan,qemu-drive": "string"}
TABLE = {"compatible": "strings", "#address-cells": "cells/1", "#size-cells": "cells/1", "phandle": "cells/1"}
PARTITION = {"reg": "cells/range", "label": "string", "read-only": "flag", "phandle": "cells/1"}


def _partition(node, disk_size):
    """A partition by itself; disk_size None: not known."""
    yield from properties(node, PARTITION)
    label = node.string("label")
    if label is None:
        yield Problem(node.path, "label", "missing", f"give it a name of 1 to {LABEL_MAX} characters")
    elif len(label.encode()) > LABEL_MAX:
        yield Problem(node.path, "label", f"{len(label.encode())} characters are too many",
                      f"shorten it to {LABEL_MAX} characters")
    for child in node.children:
        yield Problem(node.path, "", f"unknown node '{child.name}'", "a partition has no children: remove it")
    if "reg" not in node.properties:
        yield Problem(node.path, "reg", "missing", "give <offset-hi offset-lo size-hi size-lo>, in bytes")
    if not readable(node, "reg", PARTITION):
        return
    start, size = range_of(node)
    if size == 0 or start % SECTOR or size % SECTOR:
        yield Problem(node.path, "reg", f"range {start:#x}+{size:#x} is empty or not whole sectors",
                      f"give multiples of {SECTOR} bytes")
    elif disk_size is not None and start + size > disk_size:
        yield Problem(node.path, "reg", f"range {start:#x}+{size:#x} ends beyond the disk's {disk_size:#x} bytes",
                      "shrink it, or raise pecan,size")


def range_of(partition):
    cells = partition.cells("reg")
    return wide(cells[:2]), wide(cells[2:])


def _overlaps(nodes):
    ranges = [(*range_of(node), node.path) for node in nodes if readable(node, "reg", PARTITION)]
    for at, (start, size, path) in enumerate(ranges):
        for following, more, other in ranges[at + 1:]:
            if start < following + more and following < start + size:
                yield Problem(other, "reg", f"overlaps '{path.rpartition('/')[2]}'", "separate them")


def _size(device):
    """The disk's size as a problem or a number."""
    if "pecan,size" not in device.properties:
        return Problem(device.path, "pecan,size", "missing", "give the disk's size in bytes as <hi lo>")
    if not readable(device, "pecan,size", DEVICE):
        return None
    size = wide(device.cells("pecan,size"))
    if size == 0 or size % SECTOR:
        return Problem(device.path, "pecan,size", f"{size:#x} is not whole sectors", f"give a multiple of {SECTOR}")
    return size


def _disk(device):
    size = _size(device)
    if isinstance(size, Problem):
        yield size
        size = None
    for child in device.children:
        if child.name != "partitions":
            yield Problem(device.path, "", f"unknown node '{child.name}'",
                          "a disk has one child, partitions: remove it")
    table = device.child("partitions")
    if not table:
        return
    yield from properties(table, TABLE)
    if model.PARTITIONS not in table.strings("compatible"):
        yield Problem(table.path, "compatible", "not a table of partitions",
                      f'write compatible = "{model.PARTITIONS}";')
    yield from expect_cells(table, "#address-cells", 2)
    yield from expect_cells(table, "#size-cells", 2)
    for node in table.children:
        if node.name.split("@")[0] != "partition":
            yield Problem(table.path, "", f"unknown node '{node.name}'",
                          "the children of partitions are partition@OFFSET")
        yield from _partition(node, size)
    yield from _overlaps(table.children)


def problems(system):
    for device in system.devices:
        yield from properties(device, DEVICE, only="pecan,")
        yield from status(device)
        if not device.enabled():
            continue
        if system.kind(device) == "disk":
            yield from _disk(device)
        elif device.child("partitions"):
            yield Problem(device.path, "", "has partitions but is no disk", "remove them")
