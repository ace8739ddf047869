#!/usr/bin/python3
"""Proves that the tests notice faults: applies each fault of test/mutants/mutants.json to a copy of the tree,
rebuilds what the named test needs, and runs that test, which has to fail.

usage: mutants.py [ID...]     runs these, or all; prints a table (status 0 when each is noticed)
       mutants.py --prepare   brings the copies up to date, builds them and runs every named test on them
       mutants.py --prepared ID...   as CTest does: on the copies as --prepare left them
       mutants.py --table     prints the results of the last runs
       mutants.py --list      prints the faults
       mutants.py --check     checks the table, and that each entry still finds its line, without building

An entry: {"id", "fault" (a sentence), "file", "find" (a regular expression within one line), "replace",
"preset" (host or qemu-virt-a15), "test" (the name of one CTest test)}; where `find` is on several lines, "after"
finds a line shortly above the one that is meant. Each preset has a copy of its own, built step by step.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree

from pecanlib import cache, project, ui

TABLE = project.ROOT / "test" / "mutants" / "mutants.json"
WORK = project.ROOT / "build" / "mutants"
REACH = 30  # lines that "after" reaches down
BUILD_TIMEOUT = 1800
TEST_TIMEOUT = 900
PRESETS = ("host", "qemu-virt-a15")
KEYS = {"id", "fault", "file", "find", "replace", "preset", "test"}
# A selection of tests by a label's name must not match a mutant's.
LABELS = ("unit", "lint", "target", "system", "bench", "mutants")
# What a failed test says about the case that failed: cmocka, TAP, sanitizers, the kernel, the harness, a script.
SIGNS = (re.compile(r"\[  (?:FAILED|ERROR ) +\] (\w+)"), re.compile(r"\bnot ok \d+ - (.*?)(?: #.*)?$", re.M),
         re.compile(r"\b(AddressSanitizer: [\w-]+|runtime error: .*)"), re.compile(r"(PANIC: .*)"),
         re.compile(r"^FAILED [\w-]+: (.*)", re.M), re.compile(r"^(Assert\w+Error.*)", re.M))


def table():
    return {entry["id"]: entry for entry in json.loads(TABLE.read_text())}


def the_line(lines, entry):
    """The number of the line that the entry means."""
    def hits(key):
        return [number for number, line in enumerate(lines) if re.search(entry[key], line)]
    found, start = hits("find"), 0
    if "after" in entry:
        above = hits("after")
        if len(above) != 1:
            raise ui.PecanError(f"mutant {entry['id']}: /{entry['after']}/ is on {len(above)} lines of "
                                f"{entry['file']}, not on one")
        start = above[0]
        found = [number for number in found if start < number <= start + REACH][:1]
    if len(found) != 1:
        raise ui.PecanError(f"mutant {entry['id']}: /{entry['find']}/ is on {len(found)} lines of "
                            f"{entry['file']}, not on one")
    return found[0]


def mutate(text, entry):
    """The file's text with the fault in it."""
    lines = text.splitlines(keepends=True)
    number = the_line(lines, entry)
    changed = re.sub(entry["find"], entry["replace"], lines[number], count=1)
    if changed == lines[number]:
        raise ui.PecanError(f"mutant {entry['id']} changes nothing")
    lines[number] = changed
    return "".join(lines)


def problem(name, entry):
    """What is wrong with an entry, as a sentence; None when nothing is."""
    if set(entry) - {"after"} != KEYS or entry["preset"] not in PRESETS:
        return f"mutant {name}: keys or preset are wrong"
    if not re.fullmatch(r"[a-z0-9-]+", name) or any(label in name for label in LABELS):
        return f"mutant {name}: the id has other characters than a-z0-9- or names a label"
    try:
        mutate((project.ROOT / entry["file"]).read_text(), entry)
    except (ui.PecanError, OSError) as error:
        return str(error)
    return None


def check(entries):
    """Prints every problem of the table."""
    count = len(json.loads(TABLE.read_text()))
    problems = [found for name, entry in entries.items() if (found := problem(name, entry))]
    if count != len(entries):
        problems.append(f"{TABLE}: two entries have the same id")
    if problems:
        raise ui.PecanError("\n".join(problems), f"Mend {TABLE}.")
    print(f"{count} mutants find their lines")
    return 0


def source_files():
    """The tree's files: what git tracks, and what it would."""
    listing = subprocess.run(["git", "-c", f"safe.directory={project.ROOT}", "ls-files", "-z", "--cached",
                              "--others", "--exclude-standard"], cwd=project.ROOT, capture_output=True,
                             text=True, timeout=60, check=True).stdout
    return sorted(name for name in listing.split("\0") if name and (project.ROOT / name).is_file())


def run(what, command, folder, timeout):
    """(succeeded, output) of a command in a copy."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CTEST_")}
    done = subprocess.run(command, cwd=folder, env=environment, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, errors="replace")
    return done.returncode == 0, f"{what}: {' '.join(command)}\n{done.stdout}"


class Copy:
    """A copy of the tree and its build for one preset."""

    def __init__(self, preset):
        self.preset = preset
        self.folder = WORK / preset
        self.tree = self.folder / "tree"
        self.state = self.folder / "state.json"  # digest of the tree; tests that pass on it
        self.undo = self.folder / "undo.json"  # the file with the fault, as it was
        self.tree.mkdir(parents=True, exist_ok=True)

    def synchronise(self):
        """Touches only files that differ; returns a digest of all of them."""
        digest = hashlib.sha256()
        names = source_files()
        for name in names:
            source, copy = project.ROOT / name, self.tree / name
            data = source.read_bytes()
            digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
            if not copy.is_file() or copy.read_bytes() != data:
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)
                shutil.copymode(source, copy)
        listed = self.folder / "files.json"
        for name in set(json.loads(listed.read_text()) if listed.exists() else []) - set(names):
            (self.tree / name).unlink(missing_ok=True)
        listed.write_text(json.dumps(names))
        return digest.hexdigest()

    def build(self, tests=()):
        """A unit test is a target of the build; everything else needs the whole system."""
        ok, output = True, ""
        if not (self.tree / "build" / self.preset / "build.ninja").exists():
            ok, output = run("configure", ["cmake", "--preset", self.preset, "-DCMAKE_COMPILE_WARNING_AS_ERROR=OFF"],
                             self.tree, BUILD_TIMEOUT)
        command = ["cmake", "--build", "--preset", self.preset]
        if tests and all(test.startswith("unit.") for test in tests):
            command += ["--target", *sorted({test.removeprefix("unit.") for test in tests})]
        return run("build", command, self.tree, BUILD_TIMEOUT) if ok else (ok, output)

    def test(self, tests):
        """(the names of those that passed, output)"""
        report = self.folder / "report.xml"
        report.unlink(missing_ok=True)
        wanted = "|".join(re.escape(test) for test in sorted(tests))
        _, output = run("test", ["ctest", "--test-dir", f"build/{self.preset}", "--output-on-failure", "-R",
                                 f"^({wanted})$", "--output-junit", str(report)], self.tree, TEST_TIMEOUT)
        cases = xml.etree.ElementTree.parse(report).iter("testcase") if report.exists() else ()
        return {case.get("name") for case in cases if case.get("status") == "run"}, output

    def prepare(self, tests):
        """The unchanged copy builds; which of the tests pass on it is remembered until a file changes."""
        digest = self.synchronise()
        self.undo.unlink(missing_ok=True)
        known = json.loads(self.state.read_text()) if self.state.exists() else {}
        passed = set(known["passed"]) if known.get("digest") == digest else set()
        if tests <= passed:
            return
        ok, output = self.build()
        if not ok:
            raise ui.PecanError(f"without a fault, {self.preset} does not build:\n{output[-3000:]}")
        new, output = self.test(tests - passed)
        self.state.write_text(json.dumps({"digest": digest, "passed": sorted(passed | new)}))
        for test in sorted(tests - passed - new):
            print(f"without a fault, {test} does not pass:\n{output[-3000:]}")

    def restore(self):
        """Takes the fault of an interrupted run out again."""
        if self.undo.exists():
            victim = json.loads(self.undo.read_text())
            (self.tree / victim["file"]).write_text(victim["text"])
            self.undo.unlink()

    def noticed(self, entry):
        """(what failed, or None) of the named test with the fault in place."""
        self.restore()
        if entry["test"] not in json.loads(self.state.read_text())["passed"]:
            raise ui.PecanError(f"without the fault, {entry['test']} does not pass", "See --prepare.")
        victim = self.tree / entry["file"]
        original = victim.read_text()
        changed = mutate(original, entry)
        self.undo.write_text(json.dumps({"file": entry["file"], "text": original}))
        try:
            victim.write_text(changed)
            ok, output = self.build([entry["test"]])
            if not ok:
                raise ui.PecanError(f"mutant {entry['id']} does not compile:\n{output[-3000:]}")
            passed, output = self.test([entry["test"]])
        finally:
            self.restore()
        (self.folder / f"{entry['id']}.log").write_text(output)
        return None if passed else failed_case(output)


def failed_case(output):
    for sign in SIGNS:
        match = sign.search(output)
        if match:
            return match.group(1)
    return "Timeout" if "***Timeout" in output else "?"


def result_file(name):
    return WORK / "results" / f"{name}.json"


def record(name, result, seconds):
    result_file(name).parent.mkdir(parents=True, exist_ok=True)
    result_file(name).write_text(json.dumps({"result": result, "seconds": round(seconds, 1)}))


def print_table(entries):
    """Returns how many of the entries were not noticed."""
    rows, missed = [("id", "fault", "failed test", "seconds")], 0
    for name, entry in entries.items():
        path = result_file(name)
        got = json.loads(path.read_text()) if path.exists() else {"result": "not run", "seconds": 0}
        missed += not got["result"].startswith("+")
        what = f"{entry['test']}: {got['result'][1:]}" if got["result"].startswith("+") else got["result"]
        rows.append((name, entry["fault"], what[:60], f"{got['seconds']:.1f}"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print(f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]:{widths[2]}}  {row[3]:>7}")
    print(f"{len(entries) - missed} of {len(entries)} mutants noticed")
    return missed


def try_out(entry):
    """Runs one mutant, records and prints the result; True when it is noticed."""
    start = time.monotonic()
    copy = Copy(entry["preset"])
    try:
        with cache.lock(copy.folder):
            case = copy.noticed(entry)
        result = f"+{case}" if case else "NOT NOTICED"
    except ui.PecanError as error:
        print(error, file=sys.stderr)
        result = "ERROR"
    record(entry["id"], result, time.monotonic() - start)
    print(f"{entry['id']}: {entry['fault']}: {entry['test']}: "
          f"{'failed: ' + result[1:] if result[0] == '+' else result}", flush=True)
    return result[0] == "+"


def prepare(entries):
    for preset in PRESETS:
        tests = {entry["test"] for entry in entries if entry["preset"] == preset}
        if tests:
            copy = Copy(preset)
            with cache.lock(copy.folder):
                copy.prepare(tests)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ids", nargs="*", metavar="ID")
    for option in ("list", "check", "prepare", "prepared", "table"):
        parser.add_argument(f"--{option}", action="store_true")
    options = parser.parse_args()
    entries = table()
    unknown = [name for name in options.ids if name not in entries]
    if unknown:
        raise ui.PecanError(f"no mutant is called {', '.join(unknown)}", "See --list.")
    chosen = {name: entries[name] for name in options.ids} if options.ids else entries
    if options.list:
        for entry in entries.values():
            print(f"{entry['id']:32} {entry['test']:32} {entry['fault']}")
        return 0
    if options.check:
        return check(entries)
    if options.table:
        return 1 if print_table(chosen) else 0
    if not options.prepared:
        prepare(chosen.values())
    if options.prepare:
        for name in chosen:
            result_file(name).unlink(missing_ok=True)
        return 0
    noticed = [try_out(entry) for entry in sorted(chosen.values(), key=lambda entry: entry["preset"])]
    if not options.prepared:
        print_table(chosen)
    return 0 if all(noticed) else 1


if __name__ == "__main__":
    sys.exit(ui.main(main))
