#!/usr/bin/python3
"""Builds the two images of the measured Linux guest.

usage: images.py kernel --wrapper FILE --zimage FILE --output FILE
       images.py initramfs --init FILE --kernel PART [--cache DIR] --output FILE

kernel: the wrapper's page, then the unmodified zImage. initramfs: /init and the kernel package's virtio modules,
as /root/module-NN in the order in which they are loaded.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import mkinitramfs
from pecanlib import cache, parts, ui

MODULES = ("virtio_mmio", "virtio_blk", "failover", "net_failover", "virtio_net")
ZIMAGE_END = 0x2c
PAGE = 4096


def kernel(options):
    wrapper = bytearray(options.wrapper.read_bytes())
    image = options.zimage.read_bytes()
    if len(wrapper) != PAGE:
        raise ui.PecanError(f"{options.wrapper} is not one page long")
    wrapper[ZIMAGE_END:ZIMAGE_END + 4] = (PAGE + len(image)).to_bytes(4, "little")
    return bytes(wrapper) + image


def initramfs(options):
    package = parts.fetch(cache.cache_dir(options.cache), options.kernel)
    files = {"init": (0o755, options.init.read_bytes())}
    for number, name in enumerate(MODULES):
        path = next(package.rglob(f"{name}.ko"), None)
        if path is None:
            raise ui.PecanError(f"the kernel package has no module {name}")
        files[f"root/module-{number:02}"] = (0o644, path.read_bytes())
    return mkinitramfs.build(files)


def run():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("image", choices=["kernel", "initramfs"])
    parser.add_argument("--kernel", choices=parts.KERNELS)
    parser.add_argument("--cache", help="cache folder (default: $PECAN_CACHE or ~/.cache/pecan)")
    for name in ("--wrapper", "--zimage", "--init", "--output"):
        parser.add_argument(name, type=pathlib.Path)
    options = parser.parse_args()
    options.output.write_bytes({"kernel": kernel, "initramfs": initramfs}[options.image](options))


if __name__ == "__main__":
    ui.main(run)
