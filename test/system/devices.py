"""A Linux guest's disks and entropy: data that outlives a reset with writes in flight; a pause; devices of its own."""

import time

import harness
from harness import ANSWER_S
from linux_guest import power_off, wait_ready
from pecanlib.control import Control

CLOCK_S = 0.1  # /proc/uptime has two digits
UPTIME = "echo up $(cut -d' ' -f1 /proc/uptime) s"
SHARED = """#include "domain.dtsi"
#include "board.dtsi"

&disk0 {
	status = "okay";
	pecan,size = <0x0 0x4400000>;
	partitions {
		compatible = "fixed-partitions";
		#address-cells = <2>;
		#size-cells = <2>;
		data: partition@0 {
			label = "data";
			reg = <0x0 0x0 0x0 0x4000000>;
		};
		fixed: partition@4000000 {
			label = "fixed";
			reg = <0x0 0x4000000 0x0 0x400000>;
			read-only;
		};
	};
};
&console0 { status = "okay"; };
&rng0 { status = "okay"; };

/ {
	domains {
		linux0 {
			compatible = "openamp,domain-v1";
			memory = <0x0 0x40000000 0x0 0x8000000>;
			pecan,kernel = "linux-armmp-lpae";
			pecan,kernel-format = "zimage";
			pecan,initrd = "initramfs-phone-lpae";
			pecan,bootargs = "console=ttyAMA0 cryptomgr.notests pecan.name=linux0";
			access = <&data PECAN_SHARED>, <&fixed PECAN_SHARED>, <&rng0 PECAN_SHARED>, <&console0 PECAN_SHARED>;
		};
	};
};
"""
OWN = """#include "domain.dtsi"
#include "board.dtsi"

&disk1 {
	status = "okay";
	pecan,size = <0x0 0x4000000>;
};

/ {
	domains {
		linux0 {
			compatible = "openamp,domain-v1";
			memory = <0x0 0x0 0x0 0x8000000>;
			pecan,direct-map;
			pecan,dma-trusted;
			pecan,kernel = "linux-armmp-lpae";
			pecan,kernel-format = "zimage";
			pecan,initrd = "initramfs-phone-lpae";
			pecan,bootargs = "console=ttyAMA0 cryptomgr.notests pecan.name=linux0";
			access = <&rtc0 PECAN_DEDICATED>, <&disk1 PECAN_DEDICATED>;
		};
	};
};
"""


def config(bench, name, text):
    path = bench.folder / f"{name}.dts"
    path.write_text(text)
    return path


def ask(machine, command, answer, timeout=ANSWER_S):
    """Types a command and returns what the answer's first group matches; the prompt is back then."""
    machine.send(command + "\n")
    match = machine.expect(answer, timeout)
    machine.expect("linux0# ", timeout)
    return match.group(1)


def digest(machine):
    return ask(machine, "sha256sum /data/file", r"^([0-9a-f]{64}) ")


def uptime(machine):
    return float(ask(machine, UPTIME, r"^up ([0-9.]+) s$"))


def write_file(machine):
    ask(machine, "dd if=/dev/urandom of=/data/file bs=64k count=256 conv=fsync; echo wrote-$?", r"wrote-(\d)")
    written = digest(machine)
    ask(machine, "echo 3 >/proc/sys/vm/drop_caches; echo dropped-$?", r"dropped-(\d)")
    assert digest(machine) == written, "what was read back is not what was written"
    return written


def reset_in_flight(machine, written):
    """The disk still works through requests of the life before: they must not reach the new kernel."""
    machine.send("dd if=/dev/zero of=/data/junk bs=1M oflag=direct & dd if=/dev/vda of=/dev/null bs=1M iflag=direct &\n")
    time.sleep(2)
    machine.send("reboot -f\n")
    machine.expect("Booting Linux on physical CPU", ANSWER_S)
    wait_ready(machine)
    assert digest(machine) == written, "the file did not outlive the reset"


def pause(machine, control):
    """The guest's clock stands still while it is paused: no more went by in it than while it was not."""
    began = time.monotonic()
    before = uptime(machine)
    control.call("pause", "linux0")
    paused = time.monotonic()
    machine.send(UPTIME + "\n")
    time.sleep(5)
    away = time.monotonic() - paused
    control.call("resume", "linux0")
    gone = float(machine.expect(r"^up ([0-9.]+) s$", ANSWER_S).group(1)) - before
    most = time.monotonic() - began - away + CLOCK_S
    assert gone <= most, f"{gone} s went by in the guest, which was paused for {away} s: not more than {most} s"
    machine.expect("linux0# ", ANSWER_S)


def counters(control):
    top = control.call("top")["vms"][0]
    device = {entry["name"]: entry for entry in top["devices"]}
    print({name: (d["requests"], d["interrupts"], d["from"], d["to"]) for name, d in device.items()})
    assert device["disk0"]["from"] >= 16 << 20 and device["disk0"]["to"] >= 16 << 20, device
    assert device["rng"]["requests"] > 0 and top["virqs"] > 0, top
    assert all(d["errors"] == 0 for d in device.values()), device


def shared(bench):
    with bench.boot(config(bench, "shared", SHARED)) as machine:
        wait_ready(machine)
        control = Control(machine.devices.control, ANSWER_S)
        written = write_file(machine)
        ask(machine, "echo vdb: $(cat /sys/block/vdb/ro /sys/block/vdb/serial)", r"^vdb: (1 fixed)$")
        assert int(ask(machine, "echo got $(head -c 100 /dev/hwrng | wc -c) bytes", r"^got (\d+) bytes$")) == 100
        pause(machine, control)
        counters(control)
        reset_in_flight(machine, written)
        power_off(machine)


def own(bench):
    """Direct-mapped, with the real clock and a real disk of its own, driven by Linux's own drivers."""
    with bench.boot(config(bench, "own", OWN)) as machine:
        wait_ready(machine)
        tree = ask(machine, "echo tree: $(ls /proc/device-tree) end", r"^tree: (.*) end$")
        assert "mmio@a002000" in tree and "pl031@9010000" in tree, tree
        now = int(ask(machine, "echo clock $(cat /sys/class/rtc/rtc0/since_epoch) s", r"^clock (\d+) s$"))
        assert abs(now - time.time()) < 60, f"the clock says {now}, not {time.time()}"
        written = write_file(machine)
        machine.send("dd if=/dev/vda of=/dev/null bs=1M iflag=direct &\n")
        machine.send("reboot -f\n")
        machine.expect("Booting Linux on physical CPU", ANSWER_S)
        wait_ready(machine)
        assert digest(machine) == written, "the file did not outlive the reset"
        count = ask(machine, "grep virtio /proc/interrupts", r"^ *\d+: *(\d+) .*virtio")
        assert int(count) > 10, f"{count} interrupts of the disk"
        power_off(machine)


def test(bench):
    shared(bench)
    own(bench)


if __name__ == "__main__":
    harness.main("devices", test)
