#!/usr/bin/python3
"""Pecan's one command: builds the system, runs it in QEMU, tests, measures and debugs it."""

import argparse

from pecanlib import project, ui

BOARD_HELP = "board to run on (default: %(default)s)"


def seconds(text):
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text}: not a time")
    return value


def _run(options):
    from pecanlib import run
    return run.run(options)


def _test(options):
    from pecanlib import testing
    return testing.run(options)


def _bench(options):
    from pecanlib import bench
    return bench.run(options)


def _check(options):
    from pecanlib import checking
    return checking.run(options)


def _debug(options):
    from pecanlib import debug
    return debug.run(options)


def _setup(_):
    from pecanlib import setup
    setup.ensure(setup.TEST)
    ui.say("every package that Pecan needs is installed")


def _vm(options):
    from pecanlib import vm
    return vm.run(options)


def image_option(verb):
    verb.add_argument("--image", action="append", metavar="NAME=FILE",
                      help="FILE is a guest image that the configuration calls NAME")


def device_options(verb):
    verb.add_argument("--disk", action="append", metavar="NAME=FILE",
                      help="use FILE as the disk NAME (default: an image below build/, kept between runs)")
    verb.add_argument("--net", action="append", metavar="NAME=NETDEV",
                      help="QEMU's -netdev value for the network device NAME (default: user,restrict=on)")


VM_ACTIONS = {"list": "the VMs and their states", "top": "processor time, exits, interrupts, memory, devices; live",
              "console": "join the terminal to a VM's console (Ctrl-] leaves)", "start": "start a VM that is off",
              "stop": "end a VM", "pause": "stop a VM and its time", "resume": "go on with a paused VM",
              "restart": "build a VM anew", "checkpoint": "not there yet", "restore": "not there yet",
              "migrate": "not there yet"}


def vm_options(verb):
    actions = verb.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, description in VM_ACTIONS.items():
        action = actions.add_parser(name, help=description)
        action.add_argument("--system", metavar="NAME",
                            help="configuration of the running system, or its .running.json (default: the only one)")
        if name in ("list", "top"):
            action.add_argument("--json", action="store_true", help="the system's reply as it is")
        else:
            action.add_argument("name", nargs="?", metavar="NAME",
                                help="the VM" + (", or NAME.hvc0" if name == "console" else ""))
        if name == "top":
            action.add_argument("--once", action="store_true", help="print once: averages since the start")
        if name == "console":
            action.add_argument("--linger", type=seconds, default=2, metavar="S",
                                help="with a pipe as input: leave after S seconds of silence (default: %(default)s)")
    verb.set_defaults(function=_vm)


def parser():
    top = argparse.ArgumentParser(prog="pecan", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    run = verbs.add_parser("run", help="build and run a configuration in QEMU")
    run.add_argument("config", nargs="?", metavar="CONFIG",
                     help="a name below configs/partitions or a .dts file (default: "
                          f"{project.default_configuration()})")
    run.add_argument("--board", default=project.DEFAULT_BOARD, help=BOARD_HELP)
    run.add_argument("--headless", action="store_true", help="no terminal: print the console, type nothing")
    run.add_argument("--until", metavar="REGEX",
                     help="end with status 0 when a guest prints a matching line (implies --headless)")
    run.add_argument("--timeout", type=seconds, metavar="S", help="give up after S seconds (default: 600)")
    run.add_argument("--log", metavar="DIR", help="folder for the console log")
    image_option(run)
    device_options(run)
    run.set_defaults(function=_run)

    test = verbs.add_parser("test", help="build everything and run the tests")
    test.add_argument("labels", nargs="*", metavar="LABEL",
                      help="unit, lint, target, system, bench, mutants, fuzz (default: all but mutants and fuzz)")
    test.add_argument("--match", metavar="REGEX", help="only the tests whose name matches")
    test.set_defaults(function=_test)

    bench = verbs.add_parser("bench", help="count instructions and sizes")
    bench.add_argument("names", nargs="*", metavar="NAME", help="metrics or their prefixes (default: all)")
    bench.add_argument("--json", metavar="FILE", help='write {"metric": number} to FILE, or - for stdout')
    bench.set_defaults(function=_bench)

    check = verbs.add_parser("check", help="validate a partition configuration")
    check.add_argument("config", metavar="CONFIG")
    check.add_argument("--board", default=project.DEFAULT_BOARD, help=BOARD_HELP)
    image_option(check)
    check.set_defaults(function=_check)

    debug = verbs.add_parser("debug", help="QEMU stopped at the kernel's first instruction, under gdb")
    debug.add_argument("config", nargs="?", metavar="CONFIG")
    debug.add_argument("--board", default=project.DEFAULT_BOARD, help=BOARD_HELP)
    debug.add_argument("--command", action="append", default=[], metavar="GDB",
                       help="a gdb command to run after the stop (may be repeated); gdb then ends")
    image_option(debug)
    device_options(debug)
    debug.set_defaults(function=_debug)

    vm_options(verbs.add_parser("vm", help="talk to a running system"))

    setup = verbs.add_parser("setup", help="install every Debian package that Pecan needs")
    setup.set_defaults(function=_setup)
    return top


def main():
    options = parser().parse_args()
    return options.function(options)


if __name__ == "__main__":
    ui.main(main)
