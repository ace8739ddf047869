"""Eight light VMs start in one configuration and all of them go on running; so does one whose equal never
waits, and who is paused stands still."""

import time

import harness
from pecanlib.control import Control

COUNT = 8
# Both have the default priority and no budget.
EQUALS = """#include "domain.dtsi"
#include "board.dtsi"

&console0 { status = "okay"; };

#define COUNTER \\
	compatible = "openamp,domain-v1"; \\
	memory = <0x0 0x40000000 0x0 0x00100000>; \\
	pecan,kernel = "count"; \\
	pecan,kernel-format = "elf"

/ {
	domains {
		greedy {
			COUNTER;
			pecan,bootargs = "pecan.name=greedy pecan.spin";
		};

		patient {
			COUNTER;
			pecan,bootargs = "pecan.name=patient";
		};
	};
};
"""


def used(control, name):
    """Nanoseconds of processor time that a guest has had."""
    return next(vm["vcpu_ns"] for vm in control.call("top")["vms"] if vm["name"] == name)


def paused(control):
    """The greedy one uses no time while it is paused, and goes on afterwards."""
    control.call("pause", "greedy")
    before = used(control, "greedy")
    time.sleep(1)
    assert used(control, "greedy") == before, "a paused guest runs"
    control.call("resume", "greedy")
    deadline = time.monotonic() + 30
    while used(control, "greedy") == before:
        assert time.monotonic() < deadline, "a resumed guest does not run"
        time.sleep(0.1)


def equals(bench):
    """A VM that spins for ever takes turns with another of its priority."""
    config = bench.folder / "equals.dts"
    config.write_text(EQUALS)
    with bench.boot(config) as machine:
        machine.expect("GUEST READY greedy", 60)
        with Control(machine.devices.control) as control:
            paused(control)
        machine.expect("count: 10 s", 120)


def test(bench):
    equals(bench)
    with bench.boot("eight") as machine:
        waiting = {f"count{n}" for n in range(COUNT)}
        while waiting:
            waiting.discard(machine.expect(r"GUEST READY (count\d)", 120).group(1))
        counting = set()
        while len(counting) < COUNT:
            machine.expect(r"count: \d+ s", 120)  # a line may not have ended when it is seen: a later one brings it
            counting = {machine.console.guest_of(line) for line in machine.console.lines if "count: 10 s" in line}


if __name__ == "__main__":
    harness.main("eight", test)
