"""Eight light VMs start in one configuration and all of them go on running; so does one whose equal never waits."""

import harness

COUNT = 8
# Both have the default priority and no budget.
EQUALS = """#include "domain.dtsi"

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


def equals(bench):
    """A VM that spins for ever takes turns with another of its priority."""
    config = bench.folder / "equals.dts"
    config.write_text(EQUALS)
    with bench.boot(config) as machine:
        machine.expect("GUEST READY greedy", 60)
        machine.expect("count: 10 s", 120)


def test(bench):
    equals(bench)
    with bench.boot("eight") as machine:
        waiting = {f"count{n}" for n in range(COUNT)}
        while waiting:
            waiting.discard(machine.expect(r"GUEST READY (count\d)", 120).group(1))
        counting = set()
        while len(counting) < COUNT:
            machine.expect("count: 10 s", 120)
            counting = {machine.console.guest_of(line) for line in machine.console.lines if "count: 10 s" in line}


if __name__ == "__main__":
    harness.main("eight", test)
