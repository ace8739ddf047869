#!/usr/bin/python3
"""Runs one house rule over the tree: lint.py RULE [--build DIR]. Prints each breach; status 1 when there is one."""

import argparse
import sys

import rules_build
import rules_layering
import rules_text

TREE_RULES = {**rules_text.RULES, **rules_layering.RULES}
LIMIT = 60


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rule", choices=[*TREE_RULES, *rules_build.RULES])
    parser.add_argument("--build", help="build tree, for the rules that look at what was built")
    options = parser.parse_args()
    if options.rule in TREE_RULES:
        rule, found = TREE_RULES[options.rule], list(TREE_RULES[options.rule]())
    else:
        rule = rules_build.RULES[options.rule]
        found = list(rule(options.build))
    for message in found[:LIMIT]:
        print(message)
    if len(found) > LIMIT:
        print(f"... and {len(found) - LIMIT} more")
    print(f"{options.rule}: {len(found)} breaches of: {rule.__doc__}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
