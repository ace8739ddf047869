"""`vm.overhead.kib` and `system.kib`: memory of the default configuration, as it accounts for it (`top`)."""

from . import boards, devices, fit, project
from .control import Control
from .machine import Machine
from .ui import say

STARTED = r"\[ipc-net\]"
START_TIMEOUT = 300


def _top(machine, hardware):
    """The accounts, when every VM has been built."""
    machine.expect(STARTED, START_TIMEOUT, guest_only=False)
    with Control(hardware.control, START_TIMEOUT) as control:
        return control.call("top")


def measure(folder, board):
    """{metric: KiB}: the VM with the largest overhead beyond its RAM; kernel and servers together."""
    say("measuring the memory of the default configuration")
    config = project.configuration(project.default_configuration())
    logs = folder / "bench" / "footprint"
    logs.mkdir(parents=True, exist_ok=True)
    package = fit.make(logs / "bench.fit", config, project.images(folder), board)
    hardware = devices.Devices(config, board, logs)
    command = boards.qemu_command(board, project.loader(folder), package, "stdio,signal=off",
                                  extra=hardware.arguments)
    with hardware, Machine(command, logs / "console.log", hardware) as machine:
        accounts = _top(machine, hardware)
    return {"vm.overhead.kib": max(vm["overhead_kib"] for vm in accounts["vms"]),
            "system.kib": sum(server["kib"] for server in accounts["servers"])}
