"""Compiling a partition configuration (DTS) and reading its /domains nodes out of the blob."""

import pathlib
import subprocess

from . import project
from .ui import PecanError

EMPTY = '/dts-v1/;\n/ {\n\tdomains { #address-cells = <2>; #size-cells = <2>; };\n};\n'


def _run(argv, text):
    done = subprocess.run(argv, input=text, capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def compile_dts(path):
    """The device-tree blob of a configuration file; of the empty configuration when path is None."""
    if path is None:
        source, name = EMPTY.encode(), "(empty configuration)"
    else:
        path, name = pathlib.Path(path), str(path)
        folders = [path.parent, project.ROOT / "configs", project.ROOT / "configs" / "boards",
                   project.ROOT / "configs" / "partitions"]
        includes = [flag for folder in folders for flag in ("-I", str(folder))]
        status, source, errors = _run(["cpp", "-nostdinc", "-undef", "-D__DTS__", "-x",
                                       "assembler-with-cpp", *includes, str(path)], b"")
        if status != 0:
            raise PecanError(f"{name} cannot be preprocessed:\n{errors.strip()}")
    status, blob, errors = _run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", "-", "-"], source)
    if status != 0:
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

    def child(self, name):
        return next((child for child in self.children if child.name == name), None)

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
        node = Node(path or "/", name)
        at = tree.first_property_offset(offset, libfdt.QUIET_NOTFOUND)
        while at >= 0:
            prop = tree.get_property_by_offset(at)
            node.properties[prop.name] = bytes(prop)
            at = tree.next_property_offset(at, libfdt.QUIET_NOTFOUND)
        at = tree.first_subnode(offset, libfdt.QUIET_NOTFOUND)
        while at >= 0:
            child = tree.get_name(at)
            node.children.append(read(at, f"{path}/{child}", child))
            at = tree.next_subnode(at, libfdt.QUIET_NOTFOUND)
        return node

    return read(0, "", "")


def domains(root):
    """The /domains/* nodes."""
    parent = root.child("domains")
    return parent.children if parent else []
