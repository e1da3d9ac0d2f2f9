#!/usr/bin/env python3
"""find_python.cmake takes the first Python that has NumPy: stand-ins on PATH that have it or not.

    check_find_python.py CMAKE
"""

import os
import subprocess
import sys
import tempfile

CMAKE = sys.argv[1]
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "find_python.cmake")


def stand_in(path, says):
    """A python3 that prints `says` as its own path, or, if it is None, lacks NumPy."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + ("echo 'No module named numpy' >&2; exit 1\n" if says is None else f"echo '{says}'\n"))
    os.chmod(path, 0o755)
    return path


def main():
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        def at(*names):
            return os.path.join(folder, *names)

        without = stand_in(at("without", "python3"), None)
        first, second = (stand_in(at(name, "python3"), at(name, "python3")) for name in ("first", "a second"))
        shim = stand_in(at("shims", "python3"), first)  # as of pyenv
        lost = stand_in(at("lost", "python3"), at("nowhere", "python3"))
        os.makedirs(at("empty"))
        broken = at("broken", "python3")
        os.makedirs(os.path.dirname(broken))
        os.symlink(at("gone"), broken)
        # Folders of PATH, CARRYNET_PYTHON of the environment and of the cache, and what must be found; None: the system's, or none.
        cases = [
            ([first, second], None, None, first),
            ([without, first], None, None, first),
            ([without, at("empty", "x"), broken, lost, second, first], None, None, second),
            ([shim, second], None, None, first),
            ([first], second, None, second),
            ([first], without, None, first),
            ([first], at("gone"), None, first),
            ([first], without, second, second),
            ([without], second, first, first),
            ([without], None, None, None),
            ([at("empty", "x")], None, None, None),
        ]
        for paths, environment, cache, right in cases:
            variables = {name: value for name, value in os.environ.items() if name != "CARRYNET_PYTHON"}
            variables["PATH"] = ":".join(os.path.dirname(path) for path in paths)
            if environment is not None:
                variables["CARRYNET_PYTHON"] = environment
            given = [] if cache is None else [f"-DCARRYNET_PYTHON={cache}"]
            said = subprocess.run([CMAKE, *given, "-P", SCRIPT], capture_output=True, text=True, env=variables, check=False)
            expected = f"tests: {right}, which has NumPy" if right else "tests: "
            if said.returncode != 0 or expected not in said.stdout or (right is None and folder in said.stdout):
                wrong += 1
                print(f"FAILED: of {paths}, {environment}, {cache} not {right}:\n{said.stdout}{said.stderr}")
    print(f"{len(cases)} searches, {wrong} wrong")
    return 1 if wrong else 0


sys.exit(main())
