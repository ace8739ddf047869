"""Eight light VMs start in one configuration and all of them go on running; so does one whose equal never
waits, and who is paused stands still."""

import re
import time

import harness
from pecanlib.control import Control

COUNT = 8
COUNTING = re.compile(r"\bcount: \d+ s$")
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
    deadline = time.monotonic() + harness.ANSWER_S
    while used(control, "greedy") == before:
        assert time.monotonic() < deadline, "a resumed guest does not run"
        time.sleep(0.1)


def equals(bench):
    """A VM that spins for ever takes turns with another of its priority."""
    config = bench.folder / "equals.dts"
    config.write_text(EQUALS)
    with bench.boot(config) as machine:
        machine.expect("GUEST READY greedy", harness.BOOT_S)
        with Control(machine.devices.control, harness.ANSWER_S) as control:
            paused(control)
        machine.expect("count: 10 s", harness.ANSWER_S)


def test(bench):
    equals(bench)
    with bench.boot("eight") as machine:
        waiting = {f"count{n}" for n in range(COUNT)}
        while waiting:
            waiting.discard(machine.expect(r"GUEST READY (count\d)", harness.ANSWER_S).group(1))
        counting = set()
        for _ in range(10 * COUNT):
            # A line may not have ended when it is seen: a later one brings it.
            machine.expect(r"count: \d+ s", harness.ANSWER_S)
            counting = {machine.console.guest_of(line) for line in machine.console.lines if COUNTING.search(line)}
            if len(counting) == COUNT:
                return
        machine.fail(f"no more than these count: {counting}")


if __name__ == "__main__":
    harness.main("eight", test)
