"""Rules that look at what was built: headers that stand alone, no VFP on the exit path, clang-tidy."""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess

from common import ROOT, tracked

JOBS = max(1, min(4, os.cpu_count() or 1))
CODE = ("boot/", "kernel/", "libs/", "servers/", "guests/")
COPROCESSOR = re.compile(r"\t(?:mcrr?|mrrc?|ldc|stc|cdp)2?\w*\s+(?:p10|p11|10|11),")
FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:")
# The lazy switch of a guest's floating-point state itself, and nothing else.
MAY_USE_VFP = re.compile(r"^(?:arch_)?(?:\w+_)?vfp_\w+$")
EXIT_PATH = ("kernel", "vmm", "devmgr", "init", "ipc-net")


def _commands(build):
    database = pathlib.Path(build) / "compile_commands.json"
    return [(str(pathlib.Path(entry["file"]).relative_to(ROOT)), entry)
            for entry in json.loads(database.read_text()) if entry["file"].startswith(f"{ROOT}/")]


def _each(function, items):
    """function's messages over items, a few at a time."""
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for messages in pool.map(function, items):
            yield from messages


def _own_headers(sources):
    """The headers that this build can compile: arch/fake is the host's, arch/armv7 the target's."""
    ports = {name.split("/")[2] for name, _ in sources if name.startswith("kernel/arch/")}
    for name in tracked("*.h"):
        is_port = name.startswith("kernel/arch/")
        if name.startswith(CODE) and (not is_port or name.split("/")[2] in ports):
            yield name


def headers(build):
    """Each header compiles by itself, with the include folders of the nearest source file."""
    sources = [(name, entry) for name, entry in _commands(build) if name.endswith(".c")]

    def nearest(name):
        """Flag sets of the compiled files that share the longest folder path with a header."""
        shared = [(len(os.path.commonpath([name, source])), entry) for source, entry in sources]
        longest = max(length for length, _ in shared)
        sets = {}
        for length, entry in shared:
            if length == longest:
                words = shlex.split(entry["command"])
                sets.setdefault(tuple(words[:words.index("-o")]), entry["directory"])
        return sets.items()

    def compile_one(name):
        for words, folder in nearest(name):
            done = subprocess.run([*words, "-fsyntax-only", "-x", "c", "-"], cwd=folder, text=True,
                                  timeout=60, input=f'#include "{ROOT / name}"\n', capture_output=True)
            if done.returncode == 0:
                return []
        return done.stderr.splitlines()[:3]

    yield from _each(compile_one, _own_headers(sources))


def no_vfp(build):
    """Nothing that runs on a guest exit touches a VFP or NEON register (but the lazy switch itself)."""
    manifest = json.loads((pathlib.Path(build) / "images.json").read_text())
    present = [name for name in EXIT_PATH if name in manifest and pathlib.Path(manifest[name]).exists()]
    if not {"kernel", "vmm"} <= set(present):
        yield "the kernel and the VMM have not been built"
    for name in present:
        listing = subprocess.run(["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", manifest[name]],
                                 capture_output=True, text=True, timeout=120, check=True).stdout
        yield from vfp_uses(name, listing)


def vfp_uses(image, listing):
    """Messages for each floating-point instruction in a disassembly."""
    function = "?"
    for line in listing.splitlines():
        start = FUNCTION.match(line)
        if start:
            function = start.group(1)
            continue
        mnemonic = line.split("\t")[1].strip() if line.count("\t") >= 1 else ""
        is_vfp = re.match(r"v[a-z]", mnemonic) or COPROCESSOR.search(line)
        if is_vfp and not (image == "kernel" and MAY_USE_VFP.match(function)):
            yield f"{image}: {function}: {line.strip()}"


def tidy(build):
    """clang-tidy's findings (see .clang-tidy) on every C file of the system and its guests."""
    extra = ["--extra-arg=--target=armv7a-none-eabi", "--extra-arg=-Wno-unknown-warning-option",
             "--extra-arg=-Wno-unused-command-line-argument", "--extra-arg=-Wno-unknown-attributes"]

    def one(name):
        done = subprocess.run(["clang-tidy-14", "--quiet", "-p", str(build), *extra, name], cwd=ROOT,
                              capture_output=True, text=True, timeout=300)
        return [line.removeprefix(f"{ROOT}/") for line in done.stdout.splitlines()
                if re.search(r": (?:warning|error): ", line)]

    wanted = {name for name in tracked("*.c") if name.startswith(CODE)}
    names = sorted({name for name, _ in _commands(build) if name in wanted})
    seen = set()
    for message in _each(one, names):
        if message not in seen:
            seen.add(message)
            yield message


RULES = {"headers": headers, "no_vfp": no_vfp, "tidy": tidy}
