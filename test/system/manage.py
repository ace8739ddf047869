"""The management port: every verb, a hostile host, and a thousand lives of a guest that leave nothing behind."""

import json
import socket
import time

import harness
from pecanlib.control import Control
from pecanlib.ui import PecanError

CONFIG = """#include "domain.dtsi"
#include "board.dtsi"

&console0 { status = "okay"; };
&rng0 { status = "okay"; };

/ {
	domains {
		steady {
			compatible = "openamp,domain-v1";
			memory = <0x0 0x40000000 0x0 0x04000000>;
			pecan,rom = "u-boot";
			access = <&console0 PECAN_SHARED>, <&rng0 PECAN_SHARED>;
		};
		hello {
			compatible = "openamp,domain-v1";
			memory = <0x0 0x40000000 0x0 0x00400000>;
			pecan,rom = "hello-rom";
			pecan,priority = <150>;
		};
	};
};
"""
DEAF = """#include "domain.dtsi"
#include "board.dtsi"

&console0 { status = "okay"; };

/ {
	domains {
		deaf {
			compatible = "openamp,domain-v1";
			memory = <0x0 0x40000000 0x0 0x00100000>;
			pecan,rom = "u-boot";
			pecan,bootargs = "deaf";
		};
	};
};
"""
NOISE = (b"", b"nonsense", b"{", b'{"id":1}', b'{"id":2,"verb":"dance"}', b'{"id":3,"verb":"stop","vm":"nobody"}',
         b"\x00\xff" * 100, b'{"verb":"list","id":[1]}', b"x" * 5000)


def states(control):
    return {vm["name"]: vm["state"] for vm in control.call("list")["vms"]}


def refused(control, verb, vm):
    try:
        control.call(verb, vm)
    except PecanError as error:
        return str(error)
    raise AssertionError(f"{verb} {vm} was not refused")


def wait_for(control, vm, state, seconds=harness.ANSWER_S):
    deadline = time.monotonic() + seconds
    while states(control)[vm] != state:
        assert time.monotonic() < deadline, f"{vm} is {states(control)[vm]}, not {state}"
        time.sleep(0.1)


def verbs(control):
    wait_for(control, "hello", "off")
    wait_for(control, "steady", "running")  # less urgent than the other
    control.call("pause", "steady")
    assert states(control)["steady"] == "paused"
    assert "not paused" in refused(control, "resume", "hello")
    control.call("resume", "steady")
    assert states(control)["steady"] == "running"
    assert "runs already" in refused(control, "start", "steady")
    assert "does not run" in refused(control, "stop", "hello")
    assert "no such VM" in refused(control, "stop", 'h\u00f6ll\u00f6 "0"')
    control.call("restart", "steady")
    wait_for(control, "steady", "running")
    top = control.call("top")
    assert [server["name"] for server in top["servers"]] == ["kernel", "init", "devmgr"], top
    for vm in top["vms"]:
        assert vm["overhead_kib"] <= 1024, vm
    steady = next(vm for vm in top["vms"] if vm["name"] == "steady")
    assert steady["vcpu_ns"] > 0 and steady["exits"]["mmio"] > 0, steady
    print("servers:", top["servers"], "memory:", top["memory"])
    print("overhead:", {vm["name"]: vm["overhead_kib"] for vm in top["vms"]})


def hostile(path, control):
    """Garbage is answered or skipped; who reads nothing stops being listened to, and nobody else."""
    control.__exit__()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
        raw.connect(str(path))
        raw.settimeout(harness.ANSWER_S)
        for line in NOISE:
            raw.sendall(line + b"\n")
        raw.sendall(b'{"id":77,"verb":"list"}\n')
        text = b""
        while b'"id":77' not in text or not text.endswith(b"\n"):
            text += raw.recv(4096)
        replies = [json.loads(line) for line in text.splitlines()]
        assert sum(1 for reply in replies if reply.get("ok") is False) == len(NOISE) - 1, replies
        flood = b'{"verb":"top"}\n' * 200
        raw.settimeout(3)
        try:
            for _ in range(200):
                raw.sendall(flood)
        except (socket.timeout, BlockingIOError):
            pass


def lives(machine, control, count):
    """Stops and starts the guest; what init has left is the same after each round."""
    def left():
        memory = control.call("top")["memory"]
        return memory["free_kib"], memory["init_slots_free"], memory["init_pool_free"]

    control.call("start", "hello")
    wait_for(control, "hello", "off")
    before = left()
    for _ in range(count):
        machine.pump(0)  # a console that nobody reads stops QEMU
        control.call("start", "hello")
        control.call("restart", "hello")
        if states(control)["hello"] != "off":
            try:
                control.call("stop", "hello")
            except PecanError:
                pass  # it was faster
    wait_for(control, "hello", "off")
    assert left() == before, f"{before} before, {left()} after"
    assert states(control)["steady"] == "running"


def connect(path):
    deadline = time.monotonic() + harness.BOOT_S
    while True:
        control = Control(path, harness.ANSWER_S)
        try:
            control.call("list")
            return control
        except PecanError:
            control.__exit__()
            assert time.monotonic() < deadline, "the management port does not answer"


def deaf_vmm(bench):
    """A VMM that does not answer is named within the time limit, and can be stopped."""
    config = bench.folder / "deaf.dts"
    config.write_text(DEAF)
    images = harness.project.images(bench.build)
    with bench.boot(config, {"vmm": images["badvmm"]}) as machine:
        machine.expect("deaf from now on", harness.BOOT_S, guest_only=False)
        control = connect(machine.devices.control)
        why = refused(control, "pause", "deaf")
        assert "does not answer" in why, why
        machine.expect(r"\[init\] vmm deaf does not answer", harness.ANSWER_S, guest_only=False)
        assert control.call("top")["vms"][0]["state"] == "running"
        control.call("stop", "deaf")
        assert states(control)["deaf"] == "off"


def test(bench):
    deaf_vmm(bench)
    config = bench.folder / "manage.dts"
    config.write_text(CONFIG)
    with bench.boot(config) as machine:
        machine.expect("HELLO DONE", harness.BOOT_S)
        control = connect(machine.devices.control)
        verbs(control)
        lives(machine, control, bench.options.count)
        hostile(machine.devices.control, control)
        again = connect(machine.devices.control)
        assert states(again)["steady"] == "running"
        again.call("stop", "steady")
        assert set(states(again).values()) == {"off"}  # and the machine stays up


if __name__ == "__main__":
    options = harness.arguments("manage")
    options.add_argument("--count", type=int, default=50, help="lives of the small guest, twice over")
    harness.main("manage", test, options)
