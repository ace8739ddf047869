"""Rules about files as text: length, words, binaries, documentation that must exist."""

import re
import subprocess

from common import ROOT, lines, text, tracked

MAX_LINES = 420
MAX_BYTES = 300_000
# Written in halves so that this file does not break its own rule.
UNFINISHED = re.compile(r"\b(?:" + "|".join(("TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK")) + r")\b")
FOREIGN = re.compile(r"SPDX-License-Identifier:(?!.*BSD-2-Clause)|GNU General Public License|"
                     r"Copyright (?!\(c\) \d{4}, The Pecan authors)[^\n]*\d{4}")


def format():
    """C sources and headers are formatted as .clang-format says."""
    files = tracked("*.c", "*.h")
    for at in range(0, len(files), 50):
        done = subprocess.run(["clang-format-14", "--dry-run", *files[at:at + 50]], cwd=ROOT,
                              capture_output=True, text=True, timeout=120)
        for line in done.stderr.splitlines():
            if "warning:" in line or "error:" in line:
                yield line


def length():
    """Files stay short."""
    for name in tracked("*.c", "*.h", "*.S", "*.py"):
        count = len(lines(name))
        if count > MAX_LINES:
            yield f"{name}: {count} lines; split it (the limit is {MAX_LINES})"


def words():
    """No marks of unfinished work: a limit is a sentence in a contract or in docs/SUPPORT.md."""
    for name in tracked():
        for number, line in enumerate(lines(name), 1):
            if UNFINISHED.search(line):
                yield f"{name}:{number}: {line.strip()[:80]}"


def third_party():
    """Neither binaries nor other people's files are committed."""
    for name in tracked():
        data = (ROOT / name).read_bytes()
        if b"\0" in data:
            yield f"{name}: is binary"
        if len(data) > MAX_BYTES:
            yield f"{name}: {len(data)} bytes; generated or third-party files are not committed"
        if name != "LICENSE" and not name.startswith("test/lint/"):
            found = FOREIGN.search(data.decode(errors="replace"))
            if found:
                yield f"{name}: looks like a third-party file: {found.group(0)[:60]}"


def docs_folders():
    """docs/README.md names every folder of the first two levels, by itself or in its parent's line."""
    page = lines("docs/README.md") if (ROOT / "docs/README.md").exists() else []
    folders = {"/".join(name.split("/")[:depth]) for name in tracked() for depth in (1, 2)
               if name.count("/") >= depth}
    for folder in sorted(folders):
        parent, _, name = folder.rpartition("/")
        own = [line for line in page if f"`{folder}/" in line]
        within = [line for line in page if parent and f"`{parent}/`" in line
                  and (f"`{name}/`" in line or f"`{name}`" in line)]
        if not own and not within:
            yield f"docs/README.md: does not name {folder}/"


def docs_syscalls():
    """Every system call of the table has its page docs/abi/<name>.md."""
    table = text("libs/abi/include/l4/abi/syscall.h")
    names = re.findall(r"^\s*X\([A-Z0-9_]+,\s*([a-z0-9_]+),", table, re.M)
    if not names:
        yield "libs/abi/include/l4/abi/syscall.h: no system-call table found"
    for name in names:
        if not (ROOT / "docs" / "abi" / f"{name}.md").exists():
            yield f"docs/abi/{name}.md: missing page of the system call {name}"


def _binding_properties(name):
    """The names under every `properties:` of a binding, at any depth; not the node's name."""
    found, levels = set(), []
    for line in lines(name):
        depth = len(line) - len(line.lstrip())
        levels = [level for level in levels if depth > level] if line.strip() else levels
        key = re.match(r' *"?([^\s":]+)"?:', line)
        if key and levels and depth == levels[-1] + 2:
            found.add(key.group(1))
        if line.strip() == "properties:":
            levels.append(depth)
    return found - {"$nodename"}


def docs_bindings():
    """docs/book/configuration.md has exactly the properties of each binding, in the section that links to it."""
    sections = re.split(r"^## ", text("docs/book/configuration.md"), flags=re.M)
    for name in tracked("configs/bindings/*.yaml"):
        own = [section for section in sections if f"(../../{name})" in section]
        rows = re.findall(r"^\| (`[^|]*`) \|", own[0].split("\n### ")[0], re.M) if own else []
        documented = {word for row in rows for word in re.findall(r"`([^`]+)`", row)}
        for missing in sorted(_binding_properties(name) - documented):
            yield f"docs/book/configuration.md: {missing} of {name} is missing"
        for unknown in sorted(documented - _binding_properties(name)):
            yield f"docs/book/configuration.md: {unknown} is not in {name}"


RULES = {"format": format, "length": length, "words": words, "third_party": third_party,
         "docs_folders": docs_folders, "docs_syscalls": docs_syscalls,
         "docs_bindings": docs_bindings}
