"""`./pecan bench`: runs the bench programs under a deterministic clock and prints every metric.

Bench programs print `BENCH <metric> min=<n> med=<n> max=<n>` in counted instructions (or what the metric is
defined in). The metric is the max. The bounds live in test/bench/budget.json alone.
"""

import json
import pathlib
import re
import sys

from . import boards, build as building, devices, fit, footprint, linuxbench, project, setup, sizes
from .machine import Machine
from .ui import PecanError, say

LINE = re.compile(r"BENCH (\S+) min=(\d+) med=(\d+) max=(\d+)")
TIMEOUT = 900
BUDGET = project.ROOT / "test" / "bench" / "budget.json"


def manifest(folder):
    """The bench programs of a build tree, as pecan_add_bench() wrote them."""
    path = pathlib.Path(folder) / "benches.json"
    return json.loads(path.read_text()) if path.exists() else []


def budget():
    return json.loads(BUDGET.read_text()) if BUDGET.exists() else {}


def parse(console):
    """{metric: (min, med, max)} of the console's lines, whoever printed them."""
    found = {}
    for line in console.lines:
        match = LINE.match(console.bare(line))
        if match:
            found[match.group(1)] = tuple(int(number) for number in match.groups()[1:])
    return found


def run_one(folder, board, entry):
    """Runs one bench program and returns its metrics."""
    images = project.images(folder)
    for pair in entry.get("images", []):
        name, _, path = pair.partition("=")
        images[name] = pathlib.Path(path)
    if entry.get("init"):
        images["init"] = pathlib.Path(entry["init"])
    logs = pathlib.Path(folder) / "bench" / entry["name"]
    logs.mkdir(parents=True, exist_ok=True)
    for left_over in logs.glob("*.img"):
        left_over.unlink()
    config = entry.get("config") or None
    package = fit.make(logs / "bench.fit", config, images, board)
    hardware = devices.Devices(config, board, logs)
    command = boards.qemu_command(board, project.loader(folder), package, "stdio,signal=off",
                                  icount=True, semihosting=True, extra=hardware.arguments)
    with hardware, Machine(command, logs / "console.log", hardware) as machine:
        status = machine.wait_exit(TIMEOUT)
        metrics = parse(machine.console)
        if status != 0:
            machine.fail(f"the bench {entry['name']} ended with status {status}")
        if not metrics:
            machine.fail(f"the bench {entry['name']} printed no BENCH line")
    if entry.get("native"):
        return linuxbench.measure(board, images, logs, machine.console, parse, TIMEOUT)
    return metrics


def wanted(names, metric):
    return not names or any(metric == name or metric.startswith(name + ".") for name in names)


def concerned(names, prefixes):
    """Can a program whose metrics have these prefixes measure what is asked for?"""
    return not names or any(wanted([name], prefix) or wanted([prefix], name) for name in names for prefix in prefixes)


def single(metrics):
    """Rows of metrics that have one value."""
    return {metric: (value, value, value) for metric, value in metrics.items()}


def measure(folder, board, names=()):
    """{metric: (min, med, max)} of every bench program and the sizes, filtered by metric prefixes."""
    results = {}
    if concerned(names, ("size", "image")):
        results.update(single(sizes.measure(folder)))
    if concerned(names, ("vm.overhead", "system")):
        results.update(single(footprint.measure(folder, board)))
    for entry in manifest(folder):
        if concerned(names, entry["metrics"]):
            say(f"running the bench {entry['name']}")
            results.update(run_one(folder, board, entry))
    results = {metric: row for metric, row in results.items() if wanted(names, metric)}
    unknown = [name for name in names if not any(wanted([name], metric) for metric in results)]
    if unknown or not results:
        raise PecanError(f"no metric is called {' or '.join(unknown)}")
    return results


def print_table(results, stream):
    bounds = budget()
    width = max(len(metric) for metric in results)
    print(f"{'metric':{width}}  {'min':>9} {'median':>9} {'max':>9}  {'budget':>9}", file=stream)
    for metric in sorted(results):
        low, middle, high = results[metric]
        bound = bounds.get(metric)
        mark = "" if bound is None or high <= bound else "  OVER"
        print(f"{metric:{width}}  {low:>9} {middle:>9} {high:>9}  {bound if bound is not None else '-':>9}"
              f"{mark}", file=stream)


def breaches(results):
    """Messages for metrics above their bound, and for bounds whose metric nobody measured."""
    for metric, bound in sorted(budget().items()):
        if metric not in results:
            yield f"{metric}: not measured (the budget is {bound})"
        elif results[metric][2] > bound:
            yield f"{metric}: {results[metric][2]} is over its budget of {bound}"


def run(options):
    setup.ensure(setup.RUN)
    folder = building.preset(project.DEFAULT_BOARD)
    results = measure(folder, project.DEFAULT_BOARD, options.names)
    if options.json:
        text = json.dumps({metric: row[2] for metric, row in sorted(results.items())}, indent=2) + "\n"
        if options.json == "-":
            sys.stdout.write(text)
        else:
            pathlib.Path(options.json).write_text(text)
    if options.json != "-":
        print_table(results, sys.stdout)
    return 0
