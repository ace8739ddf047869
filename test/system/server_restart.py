"""devmgr and ipc-net die under running guests, or hang: they are built anew, and the guests go on."""

import pathlib
import socket
import struct
import subprocess

import harness
from pecanlib.control import Control
from phones import wait_ready

UNDEFINED = struct.pack("<I", 0xe7f000f0)
# Calls its own endpoint (slot 3) without a time-out: that is never heard, and whoever waits for the server waits on.
HANG = struct.pack("<6I", 0xe3a00003, 0xe3a01000, 0xe3a02000, 0xe3e03000, 0xef000000, 0xeafffff9)
CONFIG = """#include "domain.dtsi"
#include "board.dtsi"

&console0 { status = "okay"; };
&rng0 { status = "okay"; };
&disk0 {
	status = "okay";
	pecan,size = <0x0 0x2000000>;
	partitions {
		compatible = "fixed-partitions";
		#address-cells = <2>;
		#size-cells = <2>;
		part0: partition@0 { label = "phone0"; reg = <0x0 0x0 0x0 0x1000000>; };
		part1: partition@1000000 { label = "phone1"; reg = <0x0 0x1000000 0x0 0x1000000>; };
	};
};

/ {
	switch0: switch {
		compatible = "pecan,ethernet-switch";
		#address-cells = <1>;
		#size-cells = <0>;
		port0: port@0 { reg = <0>; mac-address = [02 00 00 00 00 10]; };
		port1: port@1 { reg = <1>; mac-address = [02 00 00 00 00 11]; };
		port2: port@2 { reg = <2>; mac-address = [02 00 00 00 00 12]; };
	};

	domains {
		phone0 {
			compatible = "openamp,domain-v1";
			memory = <0x0 0x40000000 0x0 0x08000000>;
			pecan,kernel = "linux-armmp-lpae";
			pecan,initrd = "initramfs-phone-lpae";
			pecan,bootargs = "console=ttyAMA0 quiet cryptomgr.notests cma=0 pecan.name=phone0 pecan.ip=10.0.0.1/24";
			access = <&part0 PECAN_SHARED>, <&port0 PECAN_SHARED>, <&rng0 PECAN_SHARED>;
		};
		phone1 {
			compatible = "openamp,domain-v1";
			memory = <0x0 0x40000000 0x0 0x08000000>;
			pecan,kernel = "linux-armmp-lpae";
			pecan,initrd = "initramfs-phone-lpae";
			pecan,bootargs = "console=ttyAMA0 quiet cryptomgr.notests cma=0 pecan.name=phone1 pecan.ip=10.0.0.2/24";
			access = <&part1 PECAN_SHARED>, <&port1 PECAN_SHARED>;
		};
		count0 {
			compatible = "openamp,domain-v1";
			memory = <0x0 0x40000000 0x0 0x00100000>;
			pecan,kernel = "count";
			pecan,kernel-format = "elf";
			pecan,bootargs = "pecan.name=count0";
			pecan,priority = <150>;
			access = <&port2 PECAN_SHARED>;
		};
	};
};
"""


HANGING = """#include "domain.dtsi"

/ {
	switch0: switch {
		compatible = "pecan,ethernet-switch";
		#address-cells = <1>;
		#size-cells = <0>;
		port0: port@0 { reg = <0>; mac-address = [02 00 00 00 00 10]; };
	};

	domains {
		net0 {
			compatible = "openamp,domain-v1";
			memory = <0x0 0x40000000 0x0 0x00100000>;
			pecan,kernel = "count";
			pecan,kernel-format = "elf";
			access = <&port0 PECAN_SHARED>;
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


def patched(bench, image, function, code):
    """The server's file with other code where the function begins."""
    path = pathlib.Path(bench.images[image])
    names = subprocess.run(["arm-none-eabi-nm", path], check=True, capture_output=True, text=True,
                           timeout=harness.ANSWER_S).stdout
    address = next(int(line.split()[0], 16) for line in names.splitlines() if line.split()[-1] == function)
    blob = bytearray(path.read_bytes())
    start, = struct.unpack_from("<I", blob, 28)
    count, = struct.unpack_from("<H", blob, 44)
    for at in range(start, start + count * 32, 32):
        kind, offset, va, _, size = struct.unpack_from("<5I", blob, at)
        if kind == 1 and va <= address < va + size:
            blob[offset + address - va:offset + address - va + len(code)] = code
    changed = bench.folder / f"{image}-{function}"
    changed.write_bytes(blob)
    return changed


def command(machine, text, answer, seconds=harness.ANSWER_S):
    machine.send(f"{text}\n")
    machine.expect(answer, seconds)


def ping(machine):
    command(machine, "ping -c 3 -w 20 10.0.0.2 >/dev/null && echo reached-$((1+1))", "reached-2")


def write_and_read(machine, name):
    command(machine, f"dd if=/dev/urandom of=/data/{name} bs=64k count=16 2>/dev/null; sync; sha256sum </data/{name} >/tmp/sum; "
            "echo 3 >/proc/sys/vm/drop_caches; "
            f"sha256sum </data/{name} | cmp - /tmp/sum && echo same-$((1+1))", "same-2")


def devmgr_dies(machine):
    """While a disk is written. Input from a VM's console port is what kills it."""
    # Typed to its end: what is typed while devmgr dies is lost with it.
    command(machine, "(dd if=/dev/zero of=/data/busy bs=64k count=100 conv=fsync 2>/dev/null; echo written-$((1+1))) & "
            "echo started-$((1+1))", "started-2")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as console:
        console.connect(str(machine.devices.consoles["phone1"]))
        console.sendall(b"x")
        machine.expect(r"\[init\] devmgr died: undefined instruction", harness.ANSWER_S, guest_only=False)
        machine.expect(r"\[init\] devmgr is ready again", harness.ANSWER_S, guest_only=False)
    command(machine, "echo alive-$((1+1))", "alive-2")
    command(machine, "wait; echo waited-$((1+1))", "waited-2")


def net_dies(machine):
    """When its client count0 is stopped."""
    control = Control(machine.devices.control, harness.ANSWER_S)
    control.call("stop", "count0")
    machine.expect(r"\[init\] ipc-net is started again", harness.ANSWER_S, guest_only=False)
    return control


def net_hangs(bench):
    """A guest's VMM asks it for a session: the guest fails, and with its end init finds out who hangs."""
    config = bench.folder / "hang.dts"
    config.write_text(HANGING)
    with bench.boot(config, {"ipc-net": patched(bench, "ipc-net", "session_open", HANG)}) as machine:
        machine.expect(r"\[init\] guest net0 ended", harness.BOOT_S, guest_only=False)
        machine.expect(r"\[init\] ipc-net is started again", harness.ANSWER_S, guest_only=False)
        machine.expect(r"count: \d+ s", harness.ANSWER_S)


def test(bench):
    bench.images = harness.project.images(bench.build)
    net_hangs(bench)
    config = bench.folder / "restart.dts"
    config.write_text(CONFIG)
    images = {"devmgr": patched(bench, "devmgr", "mux_mirror_input", UNDEFINED),
              "ipc-net": patched(bench, "ipc-net", "session_client_gone", UNDEFINED)}
    with bench.boot(config, images) as machine:
        wait_ready(machine, ("phone0", "phone1"))
        machine.send("\n")
        machine.expect("phone0# ", harness.ANSWER_S)
        ping(machine)
        write_and_read(machine, "before")
        devmgr_dies(machine)
        write_and_read(machine, "after")
        ping(machine)
        control = net_dies(machine)
        ping(machine)
        states = {vm["name"]: vm["state"] for vm in control.call("list")["vms"]}
        assert states == {"phone0": "running", "phone1": "running", "count0": "off"}, states
        text = "\n".join(machine.console.lines)
        assert "[init] vmm" not in text, text


if __name__ == "__main__":
    harness.main("server_restart", test)
