"""The virtio conformance guest passes every case, and the guest beside it never stops nor is late."""

import pathlib
import re

import harness

CONFIG = pathlib.Path(__file__).with_name("virtio.dts")
TICK = re.compile(r"^TICK (\d+), (\d+) late")


def test(bench):
    with bench.boot(CONFIG) as machine:
        machine.expect(r"# virtiotest done", harness.DATA_S)
        machine.expect(r"TICK \d+, \d+ late", harness.ANSWER_S)  # the other one still runs
        tap = harness.Tap()
        ticks = []
        for line in machine.console.lines:
            if machine.console.guest_of(line) == "virtiotest":
                tap.line(machine.console.bare(line))
            found = TICK.match(line)
            if found:
                ticks.append((int(found.group(1)), int(found.group(2))))
        problem = tap.problem()
        if problem:
            machine.fail(problem)
        if ticks != sorted(ticks) or ticks[-1][1] != 0:
            machine.fail(f"the ticker did not go on as it should: {ticks}")
        print(f"{tap.passed} cases passed, {ticks[-1][0]} ticks")


if __name__ == "__main__":
    harness.main("virtio", test)
