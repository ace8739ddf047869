#!/usr/bin/python3
"""Proves that the tests notice faults: applies one fault of test/mutants/mutants.json to a copy of the tree,
rebuilds it, and runs the test that has to fail.

usage: mutants.py ID...     runs these (status 0 when each is noticed)
       mutants.py --list    prints the table
       mutants.py --check   checks that each entry still finds its line, without building

An entry: {"id", "fault" (a sentence), "file", "find" (a regular expression within one line), "replace",
"preset" (host or qemu-virt-a15), "test" (ctest name, a regular expression)}. The line has to be unique.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

from pecanlib import cache, project, ui

TABLE = project.ROOT / "test" / "mutants" / "mutants.json"
WORK = project.ROOT / "build" / "mutants"
TREE = WORK / "tree"
BUILD_TIMEOUT = 1200
TEST_TIMEOUT = 900


def table():
    return {entry["id"]: entry for entry in json.loads(TABLE.read_text())}


def mutate(text, entry):
    """The file's text with the fault in it."""
    pattern = re.compile(entry["find"])
    lines = text.splitlines(keepends=True)
    hits = [number for number, line in enumerate(lines) if pattern.search(line)]
    if len(hits) != 1:
        raise ui.PecanError(f"mutant {entry['id']}: /{entry['find']}/ is on {len(hits)} lines of "
                            f"{entry['file']}, not on one", f"Mend the entry in {TABLE}.")
    changed = pattern.sub(entry["replace"], lines[hits[0]], count=1)
    if changed == lines[hits[0]]:
        raise ui.PecanError(f"mutant {entry['id']} changes nothing")
    lines[hits[0]] = changed
    return "".join(lines)


def source_files():
    """The tree's files: what git tracks, and what it would."""
    listing = subprocess.run(["git", "-c", f"safe.directory={project.ROOT}", "ls-files", "-z", "--cached",
                              "--others", "--exclude-standard"], cwd=project.ROOT, capture_output=True,
                             text=True, timeout=60, check=True).stdout
    return [name for name in listing.split("\0") if name and (project.ROOT / name).is_file()]


def synchronise():
    """Brings the copy up to date, touching only files that differ; returns a digest of all of it."""
    digest = hashlib.sha256()
    names = sorted(source_files())
    for name in names:
        source, copy = project.ROOT / name, TREE / name
        data = source.read_bytes()
        digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
        if not copy.is_file() or copy.read_bytes() != data:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            shutil.copymode(source, copy)
    listed = WORK / "files.json"
    for name in set(json.loads(listed.read_text()) if listed.exists() else []) - set(names):
        (TREE / name).unlink(missing_ok=True)
    listed.write_text(json.dumps(names))
    return digest.hexdigest()


def run(what, command, timeout):
    """(succeeded, output) of a command in the copy."""
    done = subprocess.run(command, cwd=TREE, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout, errors="replace")
    return done.returncode == 0, f"{what}: {' '.join(command)}\n{done.stdout}"


def build(preset):
    ok, output = True, ""
    if not (TREE / "build" / preset / "build.ninja").exists():
        ok, output = run("configure", ["cmake", "--preset", preset, "--compile-no-warning-as-error"],
                         BUILD_TIMEOUT)
    if ok:
        ok, output = run("build", ["cmake", "--build", "--preset", preset], BUILD_TIMEOUT)
    return ok, output


def run_test(entry):
    return run("test", ["ctest", "--test-dir", f"build/{entry['preset']}", "--no-tests=error",
                        "--output-on-failure", "-R", entry["test"]], TEST_TIMEOUT)


def check_baseline(entry, digest):
    """The unchanged copy builds and passes the test; remembered until a file changes."""
    memory = WORK / "baseline.json"
    known = json.loads(memory.read_text()) if memory.exists() else {}
    key = f"{entry['preset']} {entry['test']}"
    ok, output = build(entry["preset"])
    if ok and known.get(key) != digest:
        ok, output = run_test(entry)
    if not ok:
        raise ui.PecanError(f"without the fault, {key} does not pass:\n{output[-3000:]}")
    known[key] = digest
    memory.write_text(json.dumps(known))


def noticed(entry):
    """True when the named test fails with the fault in place."""
    WORK.mkdir(parents=True, exist_ok=True)
    with cache.lock(WORK):
        check_baseline(entry, synchronise())
        victim = TREE / entry["file"]
        original = victim.read_text()
        try:
            victim.write_text(mutate(original, entry))
            ok, output = build(entry["preset"])
            if not ok:
                raise ui.PecanError(f"mutant {entry['id']} does not compile:\n{output[-3000:]}")
            passed, _ = run_test(entry)
        finally:
            victim.write_text(original)
    print(f"{entry['id']}: {entry['fault']}: {'NOT NOTICED' if passed else 'noticed'} by {entry['test']}")
    return not passed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    entries = table()
    if options.list:
        for entry in entries.values():
            print(f"{entry['id']:32} {entry['test']:32} {entry['fault']}")
        return 0
    if options.check:
        for entry in entries.values():
            mutate((project.ROOT / entry["file"]).read_text(), entry)
        print(f"{len(entries)} mutants find their lines")
        return 0
    unknown = [name for name in options.ids if name not in entries]
    if unknown:
        raise ui.PecanError(f"no mutant is called {', '.join(unknown)}", "See --list.")
    os.environ.pop("CTEST_PARALLEL_LEVEL", None)
    return 0 if all([noticed(entries[name]) for name in options.ids]) else 1


if __name__ == "__main__":
    sys.exit(ui.main(main))
