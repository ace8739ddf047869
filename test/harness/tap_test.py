#!/usr/bin/python3
"""Runs one TAP-reporting image on the board: the runner behind pecan_add_target_test().

Passes when the TAP plan is met without `not ok` and QEMU ends with status 0, by semihosting or power-off.
"""

import pathlib
import sys

import harness


def test(bench):
    options = bench.options
    images = {}
    for pair in options.image:
        name, _, path = pair.partition("=")
        images[name] = pathlib.Path(path)
    tap = harness.Tap()
    with bench.boot(options.config, images, icount=options.icount, semihosting=True) as machine:
        status = machine.wait_exit(options.timeout)
        for line in machine.console.lines + [machine.console.tail]:
            # A suite may run as init, as a server or as a guest, so a tag is not part of its TAP line.
            tap.line(machine.console.bare(line))
        problem = tap.problem()
        if problem:
            machine.fail(problem)
        if status != 0:
            machine.fail(f"QEMU ended with status {status}")
    print(f"{tap.passed} TAP tests passed")


def main():
    parser = harness.arguments(__doc__.splitlines()[0])
    parser.add_argument("--name", required=True)
    parser.add_argument("--config")
    parser.add_argument("--image", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--timeout", type=float, default=harness.BOOT_S)
    parser.add_argument("--icount", action="store_true", help="deterministic virtual time")
    options = parser.parse_args()
    sys.exit(harness.run(options.name, test, options))


if __name__ == "__main__":
    main()
