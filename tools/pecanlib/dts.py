"""Compiling a partition configuration (DTS) and reading its /domains nodes out of the blob."""

import pathlib
import re
import subprocess

from . import project
from .ui import PecanError

DEPTH_MAX = 32
EMPTY = '/dts-v1/;\n/ {\n\tdomains { #address-cells = <2>; #size-cells = <2>; };\n};\n'


def _run(argv, text):
    done = subprocess.run(argv, input=text, capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def _each(flag, values):
    return [part for value in values for part in (flag, value)]


def _undefined_label(name, errors, board):
    """dtc's message about an unknown label, in our words."""
    found = re.search(r"Reference to non-existent node or label \"([^\"]+)\"|Label or path (\S+) not found", errors)
    if not found:
        return
    label = found.group(1) or found.group(2)
    raise PecanError(f"{name}: &{label}: no node has this label; correct it, or include board.dtsi, which has "
                     f"the devices of the board {board}")


def compile_dts(path, board=project.DEFAULT_BOARD, labels=False):
    """The device-tree blob of a configuration file for a board; of the empty configuration when path is None.

    `#include "board.dtsi"` takes the board's. labels: the blob also tells the nodes' labels (parse() reads them).
    """
    if path is None:
        source, name, includes = EMPTY.encode(), "(empty configuration)", []
    else:
        path, name = pathlib.Path(path), str(path)
        configs = project.ROOT / "configs"
        folders = [path.parent, configs, configs / "boards" / board, configs / "partitions"]
        includes = [str(folder) for folder in folders]
        status, source, errors = _run(["cpp", "-nostdinc", "-undef", "-D__DTS__", "-x",
                                       "assembler-with-cpp", *_each("-I", includes), str(path)], b"")
        if status != 0:
            raise PecanError(f"{name} cannot be preprocessed:\n{errors.strip()}")
    status, blob, errors = _run(["dtc", "-q", *(["-@"] if labels else []), *_each("-i", includes),
                                 "-I", "dts", "-O", "dtb", "-o", "-", "-"], source)
    if status != 0:
        _undefined_label(name, errors, board)
        raise PecanError(f"{name} is not valid device-tree source:\n"
                         f"{errors.strip().replace('<stdin>', name)}")
    return blob


def _libfdt():
    try:
        import libfdt
    except ImportError:
        raise PecanError("the Python module libfdt is missing",
                         "Install python3-libfdt and use /usr/bin/python3.") from None
    return libfdt


class Node:
    """A node of the tree: its path, name, properties {name: bytes} and children, in source order."""

    def __init__(self, path, name):
        self.path = path
        self.name = name
        self.properties = {}
        self.children = []
        self.parent = None
        self.label = None

    def child(self, name):
        return next((child for child in self.children if child.name == name), None)

    def walk(self):
        """The node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def enabled(self):
        """As a device tree says it: status absent or "okay"."""
        return self.string("status") in (None, "okay", "ok")

    def string(self, name):
        """A property as one string; None when absent."""
        value = self.properties.get(name)
        return None if value is None else value.split(b"\0")[0].decode(errors="replace")

    def strings(self, name):
        """A property as a list of strings; empty when absent."""
        value = self.properties.get(name, b"")
        return [part.decode(errors="replace") for part in value.split(b"\0") if part]

    def cells(self, name):
        """A property as a list of 32-bit cells; None when absent or not a multiple of 4 bytes."""
        value = self.properties.get(name)
        if value is None or len(value) % 4:
            return None
        return [int.from_bytes(value[at:at + 4], "big") for at in range(0, len(value), 4)]


def parse(blob):
    """The whole tree as Node objects."""
    libfdt = _libfdt()
    tree = libfdt.FdtRo(blob)

    def read(offset, path, name):
        if path.count("/") > DEPTH_MAX:
            raise PecanError(f"{path}: nodes lie more than {DEPTH_MAX} deep", "A configuration needs 4: remove some.")
        node = Node(path or "/", name)
        at = tree.first_property_offset(offset, libfdt.QUIET_NOTFOUND)
        while at >= 0:
            prop = tree.get_property_by_offset(at)
            node.properties[prop.name] = bytes(prop)
            at = tree.next_property_offset(at, libfdt.QUIET_NOTFOUND)
        at = tree.first_subnode(offset, libfdt.QUIET_NOTFOUND)
        while at >= 0:
            name = tree.get_name(at)
            child = read(at, f"{path}/{name}", name)
            child.parent = node
            node.children.append(child)
            at = tree.next_subnode(at, libfdt.QUIET_NOTFOUND)
        return node

    root = read(0, "", "")
    symbols = root.child("__symbols__")
    for node in root.walk() if symbols else ():
        node.label = next((label for label, path in symbols.properties.items()
                           if path.rstrip(b"\0").decode(errors="replace") == node.path), None)
    return root


def domains(root):
    """The /domains/* nodes that are switched on."""
    parent = root.child("domains")
    return [node for node in parent.children if node.enabled()] if parent else []


def by_phandle(root):
    """{phandle: node} of the whole tree."""
    return {node.cells("phandle")[0]: node for node in root.walk() if node.cells("phandle")}


def access(domain, handles):
    """[(node or None, flags)] of a domain's `access`; an odd last cell is left out."""
    cells = domain.cells("access") or []
    return [(handles.get(handle), flags) for handle, flags in zip(cells[::2], cells[1::2])]
