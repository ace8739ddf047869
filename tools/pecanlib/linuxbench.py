"""The Linux rows of `./pecan bench`: one kernel and one initramfs run in a VM and natively, on the same processor,
RAM, disk and network device, and with the device tree that the VM's guest was given; then the two are compared.
"""

import re

from . import boards
from .machine import Machine
from .ui import PecanError, say

TREE_LINE = re.compile(r"DTB ([0-9a-f]+)$")
RAM_MIB = 512
COMMAND_LINE = "console=ttyAMA0 quiet"
# Compared as guest / native; the others are differences.
RATIOS = {"boot.time": "vm.boot.ratio", "boot.instructions": "vm.boot.ratio.instructions"}
DIFFERENCES = ("blk.read4k", "net.rtt")


def device_tree(console):
    """The blob that the guest has printed."""
    found = [TREE_LINE.match(console.bare(line)) for line in console.lines]
    blob = bytes.fromhex("".join(match.group(1) for match in found if match))
    if blob[:4] != b"\xd0\x0d\xfe\xed" or int.from_bytes(blob[4:8], "big") != len(blob):
        raise PecanError("the bench linux: the guest did not print its whole device tree")
    return blob


def native_command(board, images, tree, disk):
    """QEMU without Pecan: devices in the slots in which the VM has them."""
    machine, processor, _ = boards.board(board)
    machine = ",".join(part for part in machine.split(",") if not part.startswith("virtualization"))
    return ["qemu-system-arm", "-M", machine, "-cpu", processor, "-smp", "1", "-m", str(RAM_MIB),
            "-display", "none", "-nic", "none", "-no-user-config", "-icount", "shift=0,sleep=off",
            "-chardev", "stdio,signal=off,id=console", "-serial", "chardev:console",
            "-kernel", str(images["linux-bench"]), "-initrd", str(images["linux-bench-initramfs"]),
            "-dtb", str(tree), "-append", COMMAND_LINE, "-global", "virtio-mmio.force-legacy=false",
            "-drive", f"file={disk},if=none,id=disk,format=raw",
            "-device", "virtio-blk-device,bus=virtio-mmio-bus.0,drive=disk",
            "-netdev", "user,restrict=on,id=net", "-device", "virtio-net-device,bus=virtio-mmio-bus.1,netdev=net"]


def compare(guest, native):
    """{metric: (min, med, max)} out of the two runs' rows; medians are compared (ANCHORS: metrics with I/O)."""
    results = {}
    for name, row in guest.items():
        if name not in native:
            raise PecanError(f"the bench linux: the native run did not measure {name}")
        if name in DIFFERENCES:
            value = row[1] - native[name][1]
        else:
            value = round(row[1] / native[name][1], 4)
        results[RATIOS.get(name, name)] = (value, value, value)
    return results


def measure(board, images, logs, guest_console, parse, timeout):
    """The metrics, given the console of the VM's run. parse: console -> {name: (min, med, max)}."""
    say("running the bench linux natively")
    tree, disk = logs / "guest.dtb", logs / "native.img"
    tree.write_bytes(device_tree(guest_console))
    with open(disk, "wb") as image:
        image.truncate(16 << 20)
    with Machine(native_command(board, images, tree, disk), logs / "native.log") as machine:
        if machine.wait_exit(timeout) != 0:
            machine.fail("the native run ended badly")
        return compare(parse(guest_console), parse(machine.console))
