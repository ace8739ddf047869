"""The Debian packages that each verb needs, and installing those that are missing."""

import os
import shutil
import subprocess

from .ui import PecanError, say

BUILD = ("cmake", "ninja-build", "gcc-arm-none-eabi", "picolibc-arm-none-eabi", "device-tree-compiler",
         "u-boot-tools", "python3-libfdt", "cpp", "ca-certificates")
RUN = BUILD + ("qemu-system-arm",)
HOST = ("cmake", "ninja-build", "gcc", "libc6-dev", "libcmocka-dev")
CHECK = ("device-tree-compiler", "python3-libfdt", "cpp", "dt-schema")
DEBUG = RUN + ("gdb-multiarch",)
# With all that the tests' own ./pecan commands need: nothing is installed while tests run.
TEST = tuple(dict.fromkeys(DEBUG + HOST + CHECK + ("clang-format-14", "clang-tidy-14", "git")))
FUZZ = ("clang-14", "libclang-rt-14-dev")

# A program that proves a package on a system without dpkg.
PROGRAMS = {"ninja-build": "ninja", "gcc-arm-none-eabi": "arm-none-eabi-gcc", "cmake": "cmake",
            "device-tree-compiler": "dtc", "u-boot-tools": "mkimage", "cpp": "cpp", "gcc": "gcc",
            "qemu-system-arm": "qemu-system-arm", "dt-schema": "dt-validate", "git": "git",
            "gdb-multiarch": "gdb-multiarch", "clang-format-14": "clang-format-14",
            "clang-tidy-14": "clang-tidy-14"}
INSTALL_TIMEOUT = 1800


def missing(packages):
    """Those of the packages that are not installed."""
    if not shutil.which("dpkg-query"):
        return [name for name in packages if name in PROGRAMS and not shutil.which(PROGRAMS[name])]
    listing = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *packages],
        capture_output=True, text=True, timeout=60).stdout
    installed = {line.split()[0] for line in listing.splitlines() if line.endswith(" installed")}
    return [name for name in packages if name not in installed]


def _apt_get(*arguments):
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *arguments]
    if os.geteuid() != 0:
        command = ["sudo", "DEBIAN_FRONTEND=noninteractive", *command]
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    # apt's own messages go to stderr: stdout belongs to the verb that needs the packages.
    return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL if os.geteuid() == 0
                          else None, stdout=2, timeout=INSTALL_TIMEOUT).returncode


def ensure(packages):
    """Installs what is missing, saying so. Raises with the command to run by hand when that fails."""
    absent = missing(packages)
    if not absent:
        return
    names = " ".join(absent)
    remedy = f"Install them by hand: apt-get install {names}"
    if not shutil.which("apt-get"):
        raise PecanError(f"missing: {names}", "Install them with your system's package manager.")
    if os.geteuid() != 0 and not shutil.which("sudo"):
        raise PecanError(f"missing packages: {names} (and neither root nor sudo to install them)", remedy)
    say(f"installing packages: {names}")
    install = ("install", "-y", "--no-install-recommends", *absent)
    if _apt_get(*install) != 0:
        say("refreshing the package lists and trying again")
        _apt_get("update")
        if _apt_get(*install) != 0:
            raise PecanError(f"could not install: {names}", remedy)
