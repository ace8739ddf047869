"""Eight light VMs start in one configuration and all of them go on running."""

import harness

COUNT = 8


def test(bench):
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
