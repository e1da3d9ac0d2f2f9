"""README's commands, run as they stand there, and what they print, compared with what README says that they print.

    check_readme.py BUILD [README]

In a fenced block every line that begins with "$ " is a command for bash, with its here-document if it has one (<<END), and the lines up
to the next are its output, of both streams.
All blocks run one after another in one temporary folder, where build/ is BUILD and ./example its README example. A line before a block
changes that:

    <!-- not run: REASON -->   the block is left alone: it installs packages, takes longer than some seconds, needs a GPU
    <!-- run: COMMAND -->      the whole block is what COMMAND prints

A block in `sh` has no output, so it must say why it is not run. CARRYNET_DEVICE is `reference`, which needs no compiler and gives the
same bits; lines that begin with "Device: " are therefore left out on both sides, and so are lines of progress that say how long it
will take, of which a slow machine prints more. What differs from run to run and machine to machine
is masked on both sides (MASKS), and blanks at the end of lines are not compared. Nothing else is left out.
"""
import difflib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile

# What a machine or the clock decides, and what stands for it.
MASKS = [
    (r"\b[\d.]+( [kM])? sequences/s", "(a rate) sequences/s"),
    # The table of `replay --all`: seconds, and how many times as fast.
    (r"( of \d+) +\d+\.\d{3} +\d+\.\d$", r"\1 (seconds, times)"),
    # `doctor`: a time of this run.
    (r"^( *seconds) +\d+\.\d+$", r"\1 (seconds)"),
]
LIMIT = 120  # seconds of one command
LEFT_OUT = re.compile(r"Device: |.* sequences/s, (at most )?.* left$")


def masked(text):
    lines = [line.rstrip() for line in text.rstrip("\n").split("\n") if not LEFT_OUT.match(line)]
    for pattern, stands in MASKS:
        lines = [re.sub(pattern, stands, line) for line in lines]
    return lines


def blocks(text):
    """(number of its first line, language, marker, lines) of every fenced block."""
    found, inside, marker = [], None, ""
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            if inside is None:
                inside = (number + 1, line[3:].strip(), marker, [])
            else:
                found.append(inside)
                inside, marker = None, ""
        elif inside is not None:
            inside[3].append(line)
        elif line.strip():
            comment = re.fullmatch(r"<!-- *(.*?) *-->", line.strip())
            marker = comment.group(1) if comment else ""
    return found, inside


def commands(block):
    """(line, command, output) of a block; and what is wrong with it."""
    number, language, marker, lines = block
    kind, _, rest = marker.partition(":")
    if kind == "not run":
        return [], [] if len(rest.split()) >= 2 else [f"line {number}: `not run` without a reason"]
    if kind == "run":
        return [(number, rest.strip(), "\n".join(lines))], []
    if language == "sh":
        return [], [f"line {number}: a block in sh needs a line before it: <!-- not run: reason -->"]
    found, end = [], None  # end: of the here-document that is being read
    for at, line in enumerate(lines, number):
        if end is not None:
            found[-1][1].append(line)
            end = None if line == end else end
        elif line.startswith("$ "):
            found.append((at, [line[2:]], []))
            here = re.search(r"<<'?(\w+)'?", line)
            end = here.group(1) if here else None
        elif found:
            found[-1][2].append(line)
    return [(at, "\n".join(command), "\n".join(output)) for at, command, output in found], []


def run(command, folder):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "OCL_ICD", "OMPI_MCA_rmaps", "PRTE_MCA_rmaps"))}
    environment.update(CARRYNET_DEVICE="reference", LC_ALL="C.UTF-8", TERM="dumb", PATH=os.path.join(folder, ".bin") + ":" + os.environ["PATH"])
    # Root, as in a container, which README says; ranks that do not wait busily, as there are more of them than cores.
    # OpenMPI 5 says of some networks that it finds no way between their interfaces, though all ranks are on one machine.
    environment.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_mpi_yield_when_idle="1", OMPI_MCA_btl="^tcp")
    try:
        return subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT, check=False).stdout
    except subprocess.TimeoutExpired:
        return f"(still running after {LIMIT} s: mark it as not run)"


def check(build, readme):
    with open(readme, encoding="utf-8") as file:
        found, unfinished = blocks(file.read())
    wrong, count = [f"line {unfinished[0]}: a block without an end"] if unfinished else [], 0
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(build, os.path.join(folder, "build"))
        os.symlink(os.path.join(build, "tests", "example"), os.path.join(folder, "example"))
        # README's python3 is this one, which has NumPy; a link to it would lose the packages of a virtual environment.
        os.mkdir(os.path.join(folder, ".bin"))
        with open(os.path.join(folder, ".bin", "python3"), "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        os.chmod(os.path.join(folder, ".bin", "python3"), 0o755)
        for block in found:
            these, complaints = commands(block)
            wrong += complaints
            for number, command, output in these:
                count += 1
                expected, got = masked(output), masked(run(command, folder))
                if expected != got:
                    difference = difflib.unified_diff(expected, got, "README", "today", lineterm="", n=1)
                    wrong.append("\n".join([f"line {number}: $ {command}", *difference]))
    return wrong, count


def self_test(build):
    """That a wrong output, a missing reason and a command of no end are seen."""
    bad = [("```\n$ echo a\nb\n```\n", "+a"), ("<!-- not run: -->\n```sh\nrm x\n```\n", "without a reason"),
           ("```sh\ntrue\n```\n", "needs a line before it"), ("<!-- run: echo a -->\n```\nb\n```\n", "+a"), ("```\n$ true\n", "without an end"),
           ("```\n$ echo 5 sequences/s\n6 k sequences\n```\n", "sequences/s")]
    good = "<!-- not run: it takes hours -->\n```sh\nfalse\n```\ntext\n```\n$ echo '7.5 k sequences/s'; echo b >&2\n0 sequences/s\nb\n$ cat <<END; echo c\n$(echo a)\nb\nEND\na\nb\nc\n$ echo\n\n```\n```c\nint x;\n```\n"
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "README.md")
        for text, says in [*bad, (good, "")]:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            said = "\n".join(check(build, path)[0])
            if (says not in said) if says else said:
                wrong.append(f"the check of\n{text}\nsays: {said}")
    return wrong


def main():
    build = os.path.abspath(sys.argv[1])
    readme = sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "README.md")
    if importlib.util.find_spec("numpy") is None:
        print("SKIP: this Python has no NumPy, which README's commands use (Debian: apt-get install python3-numpy)")
        return 0
    wrong = self_test(build)
    more, count = check(build, readme)
    wrong += more
    for problem in wrong:
        print(problem)
    print(f"{count} commands, {len(wrong)} problems")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
