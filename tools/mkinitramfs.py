#!/usr/bin/python3
"""Builds the initramfs of a Linux guest: busybox, a few links and /init, as a newc cpio archive.

usage: mkinitramfs.py --busybox FILE --init FILE --output FILE [--add INSIDE=FILE]...
                      [--kernel PART --modules NAME...] [--toybox] [--cache DIR]

--kernel and --modules add modules of a fetched kernel package, with those that they depend on; --toybox adds
Debian's toybox with its libraries.

The output depends on its inputs alone (fixed times, owners and inode numbers), so its hash can be compared.
"""

import argparse
import pathlib
import stat

from pecanlib import cache, modules, parts, ui

FOLDERS = ("bin", "dev", "etc", "proc", "root", "run", "sbin", "sys", "tmp", "usr", "usr/bin", "usr/sbin")
# Enough for /init to start; it installs busybox's other names itself.
LINKS = {"bin/sh": "busybox", "bin/mount": "busybox"}
DEVICES = {"dev/console": (5, 1), "dev/null": (1, 3)}


def record(inode, name, mode, data=b"", device=(0, 0)):
    """One newc entry: a header of 13 hexadecimal fields, the name and the data, each padded to 4 bytes."""
    name_bytes = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, links, 0, len(data), 0, 0, *device, len(name_bytes), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    entry = header + name_bytes
    entry += b"\0" * (-len(entry) % 4) + data
    return entry + b"\0" * (-len(entry) % 4)


def build(files):
    """The archive: folders, devices and links first, then files {name inside: (mode, bytes)}."""
    folders = {str(parent) for name in files for parent in pathlib.PurePath(name).parents} - {"."}
    entries = [(name, stat.S_IFDIR | 0o755, b"", (0, 0)) for name in sorted(folders | set(FOLDERS))]
    entries += [(name, stat.S_IFCHR | 0o600, b"", numbers) for name, numbers in DEVICES.items()]
    entries += [(name, stat.S_IFLNK | 0o777, target.encode(), (0, 0)) for name, target in LINKS.items()]
    entries += [(name, stat.S_IFREG | mode, data, (0, 0)) for name, (mode, data) in sorted(files.items())]
    archive = b"".join(record(number, *entry) for number, entry in enumerate(entries, 1))
    archive += record(0, "TRAILER!!!", 0)
    return archive + b"\0" * (-len(archive) % 512)


def run():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--busybox", required=True, type=pathlib.Path)
    parser.add_argument("--init", required=True, type=pathlib.Path)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("--add", action="append", default=[], metavar="INSIDE=FILE")
    parser.add_argument("--kernel", choices=parts.KERNELS)
    parser.add_argument("--modules", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--toybox", action="store_true")
    parser.add_argument("--cache", help="cache folder (default: $PECAN_CACHE or ~/.cache/pecan)")
    options = parser.parse_args()
    files = {"bin/busybox": (0o755, options.busybox.read_bytes()),
             "init": (0o755, options.init.read_bytes())}
    for pair in options.add:
        inside, _, path = pair.partition("=")
        files[inside.lstrip("/")] = (0o755, pathlib.Path(path).read_bytes())
    folder = cache.cache_dir(options.cache)
    if options.toybox:
        package = parts.fetch(folder, "toybox")
        for inside, path in parts.TOYBOX.items():
            files[inside] = (0o755, (package / path).read_bytes())
    if options.kernel:
        package = parts.fetch(folder, options.kernel)
        for inside, data in modules.collect(package, options.modules).items():
            files[inside] = (0o644, data)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_bytes(build(files))


if __name__ == "__main__":
    ui.main(run)
