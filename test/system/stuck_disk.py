"""A disk that never completes a request: the guest that waits for it can be asked, restarted and reset, and nobody
else is held up."""

import pathlib
import tempfile

import harness
from pecanlib.control import Control
from qmp import Monitor

STATUS = 0x0a000070  # of the guest's first virtio transport, its disk
CONFIG = """#include "domain.dtsi"
#include "board.dtsi"

&console0 { status = "okay"; };
&disk0 {
	status = "okay";
	pecan,size = <0x0 0x1000000>;
	partitions {
		compatible = "fixed-partitions";
		#address-cells = <2>;
		#size-cells = <2>;
		part0: partition@0 { label = "phone0"; reg = <0x0 0x0 0x0 0x1000000>; };
	};
};

/ {
	domains {
		phone0 {
			compatible = "openamp,domain-v1";
			memory = <0x0 0x40000000 0x0 0x08000000>;
			pecan,kernel = "linux-armmp-lpae";
			pecan,initrd = "initramfs-phone-lpae";
			pecan,bootargs = "console=ttyAMA0 quiet cryptomgr.notests cma=0 iomem=relaxed pecan.name=phone0";
			access = <&part0 PECAN_SHARED>;
		};
		count0 {
			compatible = "openamp,domain-v1";
			memory = <0x0 0x40000000 0x0 0x00100000>;
			pecan,kernel = "count";
			pecan,kernel-format = "elf";
			pecan,bootargs = "pecan.name=count0";
		};
	};
};
"""


class Disk:
    """The board's disk, which stops working and goes on again: QEMU holds requests back."""

    def __init__(self, monitor):
        self.monitor = monitor

    def pace(self, bytes_per_second):
        limits = dict.fromkeys(("bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
        self.monitor.call("block_set_io_throttle", device="disk0", bps=bytes_per_second, **limits)


def command(machine, text, answer):
    machine.send(f"{text}\n")
    machine.expect(answer, harness.ANSWER_S)


def ready(machine):
    machine.expect("GUEST READY phone0", harness.BOOT_S)
    machine.send("\n")
    machine.expect("phone0# ", harness.ANSWER_S)
    command(machine, "dd if=/dev/vda of=/dev/null bs=64k count=32 iflag=direct 2>/dev/null && echo read-$((1+1))",
            "read-2")


def wait_for_the_disk(machine, disk):
    """A byte a second: the first request passes, the rest of them wait for hours."""
    disk.pace(1)
    command(machine, "(dd if=/dev/vda of=/dev/null bs=64k iflag=direct 2>/dev/null; echo ended-$((1+1))) & sleep 2; "
            "echo waits-$((1+1))", "waits-2")


def all_answer(machine, control):
    """init and the VMM are there for the manager, and the other guest runs."""
    for verb in ("pause", "resume"):
        control.call(verb, "phone0")
    for _ in range(2):
        machine.expect(r"count: \d+ s", harness.ANSWER_S)


def device_exits(control):
    return next(vm for vm in control.call("top")["vms"] if vm["name"] == "phone0")["exits"]["mmio"]


def run(bench, qmp):
    config = bench.folder / "stuck.dts"
    config.write_text(CONFIG)
    with bench.boot(config, extra=["-qmp", f"unix:{qmp},server=on,wait=off"]) as machine:
        ready(machine)
        disk = Disk(Monitor(machine, qmp))
        control = Control(machine.devices.control, harness.ANSWER_S)

        # The driver resets its device: that waits, and so does the guest, alone.
        wait_for_the_disk(machine, disk)
        machine.send(f"toybox devmem {STATUS:#x} 4 0; echo reset-$((1+1))\n")
        exits = device_exits(control)
        all_answer(machine, control)
        assert device_exits(control) > exits + 1000, "the guest does not repeat its reset"
        assert "reset-2" not in "\n".join(machine.console.lines), "the reset did not wait for the disk"
        control.call("restart", "phone0")
        machine.expect("a block device was reset for a client that is gone", harness.ANSWER_S, guest_only=False)
        disk.pace(0)
        ready(machine)

        # The guest resets itself: it is off until the disk has done with it.
        wait_for_the_disk(machine, disk)
        machine.send("reboot -f -n\n")
        all_answer(machine, control)
        disk.pace(0)
        ready(machine)
        assert "ended-2" not in "\n".join(machine.console.lines), "the disk did not stop"


def test(bench):
    with tempfile.TemporaryDirectory(prefix="pecan-") as sockets:
        run(bench, pathlib.Path(sockets) / "qmp")


if __name__ == "__main__":
    harness.main("stuck_disk", test)
