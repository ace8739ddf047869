"""Every metric stays within test/bench/budget.json, and every metric of the budget is measured."""

import sys

import harness
from pecanlib import bench as benches


def test(bench):
    results = benches.measure(bench.build, bench.board)
    benches.print_table(results, sys.stdout)
    found = list(benches.breaches(results))
    assert not found, "\n".join(["over budget:", *found])


if __name__ == "__main__":
    harness.main("budget", test)
