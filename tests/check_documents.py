"""The man pages and completions that the build has written.

    check_documents.py BUILD

Every command and option of --help has its place in a page, which mandoc takes without a warning and shows in 80 columns; bash offers,
and zsh reads, what is there. Needs mandoc and zsh (Debian: apt-get install mandoc zsh).
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

# What bash offers at the end of a line, from words; None: files of the folder.
OFFERS = [
    (["carrynet", "tr"], ["train"]),
    (["carrynet", "--v"], ["--version"]),
    (["carrynet", "no-such-command", ""], []),
    (["carrynet", "train", "--optim"], ["--optimizer"]),
    (["carrynet", "train", "--optimizer", "a"], ["adam"]),
    (["carrynet", "train", "--optimizer", "=", "r"], ["rmsprop"]),
    (["carrynet", "train", "--optimizer", "="], ["sgd", "momentum", "rmsprop", "adam"]),
    (["carrynet", "train", "--hidden", ""], []),
    (["carrynet", "sweep", "--optimizer", "sgd,a"], ["sgd,adam"]),
    (["carrynet", "train", "--device", "g"], ["gpu"]),
    (["carrynet", "train", "--task", "to"], [f"tomita{i}" for i in range(1, 8)]),
    (["carrynet", "train", "--task", "m"], ["mine.json"]),
    (["carrynet", "train", "-o", "m"], ["many.csv", "mine.json", "model.safetensors", "model.safetensors.cert"]),
    (["carrynet", "run", "m"], ["model.safetensors"]),
    (["carrynet", "run", "--device", "cpu", "m"], ["model.safetensors"]),
    (["carrynet", "run", "--device", "=", "cpu", "m"], ["model.safetensors"]),
    (["carrynet", "run", "model.safetensors", ""], []),
    (["carrynet", "run", "model.safetensors", "93", ""], []),
    (["carrynet", "eval", "many"], ["many.csv"]),
    (["carrynet", "verify", "model.safetensors", "m"], ["model.safetensors.cert"]),
    (["carrynet", "merge", "many.csv", "m"], ["many.csv"]),
    (["carrynet", "reproduce", "many.csv", ""], []),
    (["carrynet", "devices", "--dump-kernels", "f"], ["folder"]),
    (["carrynet", "eval", "f"], ["folder"]),
    (["carrynet", "help", "repr"], ["reproduce"]),
    (["carrynet", "replay", "003"], ["003", "003-cured"]),
    (["carrynet", "compare", "--case", "fp64-s"], ["fp64-seeds"]),
    (["carrynet-verify", "m"], ["model.safetensors"]),
    (["carrynet-verify", "model.safetensors", "m"], ["model.safetensors.cert"]),
]


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, **more)


def pages(build):
    """What is wrong with the man pages."""
    program, folder = os.path.join(build, "carrynet"), os.path.join(build, "documents", "man1")
    names = re.findall(r"^  ([a-z]+)  +\S", run(program, "--help").stdout, re.M)
    wrong = [] if len(names) > 10 else ["--help has no list of commands"]
    wanted = {"carrynet.1"} | {f"carrynet-{name}.1" for name in names}
    if set(os.listdir(folder)) != wanted:
        wrong.append(f"pages: {sorted(set(os.listdir(folder)) ^ wanted)} are too many or missing")
    for page in sorted(wanted & set(os.listdir(folder))):
        path = os.path.join(folder, page)
        # A page is looked at before it is installed, where the pages that it names are not there yet.
        lint = [line for line in run("mandoc", "-Tlint", "-Wstyle", path).stdout.splitlines() if "referenced manual not found" not in line]
        wrong += lint
        shown = run("mandoc", "-Tascii", "-Owidth=80", path).stdout
        shown = re.sub(".\b", "", shown)
        wrong += [f"{page}: {len(line)} columns: {line}" for line in shown.splitlines() if len(line) > 80]
        if page == "carrynet.1":
            wrong += [f"carrynet.1 does not name {name}" for name in names if f"carrynet-{name}(1)" not in shown]
            continue
        said = run(program, page[len("carrynet-"):-len(".1")], "--help").stdout
        options = re.findall(r"^  (?:-\w, )?(--[a-z-]+)", said, re.M)
        wrong += [f"{page} does not have {option}" for option in options if option not in shown]
        wrong += [f"{page} has no example '{line.strip()}'" for line in said.split("\nExamples\n")[1].splitlines() if line.strip() not in shown]
    if shutil.which("man"):
        for page in sorted(wanted):
            said = run("man", "--warnings", "-l", os.path.join(folder, page), env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
            wrong += [f"man {page}: {said.stderr}"] if said.stderr else []
    return wrong


def bash(build):
    """What is wrong with the completion for bash, in a folder with some files."""
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("model.safetensors", "model.safetensors.cert", "many.csv", "mine.json"):
            with open(os.path.join(folder, name), "w", encoding="ascii"):
                pass
        os.mkdir(os.path.join(folder, "folder"))
        for words, offered in OFFERS:
            script, function = os.path.join(build, "documents", "bash", words[0]), "_" + words[0].replace("-", "_")
            said = run("bash", "-uc", f'source "{script}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); {function}; '
                       '(( ${#COMPREPLY[@]} == 0 )) || printf "%s\\n" "${COMPREPLY[@]}"', "bash", *words, cwd=folder)
            if sorted(said.stdout.split()) != sorted(offered) or said.stderr:
                wrong.append(f"bash offers for {words}: {said.stdout.split()}, not {offered} {said.stderr}")
    return wrong


def zsh(build):
    """What is wrong with the completion for zsh."""
    script = os.path.join(build, "documents", "zsh", "_carrynet")
    wrong = [line for line in run("zsh", "-n", script).stderr.splitlines()]
    with open(script, encoding="ascii") as file:
        text = file.read()
    names = re.findall(r"^  ([a-z]+)  +\S", run(os.path.join(build, "carrynet"), "--help").stdout, re.M)
    wrong += [f"zsh does not have {name}" for name in names if f"\n    ({name}) _arguments" not in text or f"'{name}:" not in text]
    # In a terminal of its own: what it shows for a start of a word.
    session = """
zmodload zsh/zpty; zpty -b shell zsh -f -i
zpty -w shell "PS1='> '; fpath=(${1:h} \\$fpath); autoload -U compinit; compinit -u -D; carrynet() { print GOT \\"\\$@\\" END }"
zpty -w shell $'carrynet train --optimizer rms\\t'
zpty -w shell $'carrynet repr\\t'
zpty -w shell $'carrynet sweep --loss squared,cr\\t'
zpty -w shell exit
for i in {1..400}; do while zpty -r -t shell line; do print -r -- $line; done; zpty -t shell || break; sleep 0.05; done
"""
    said = run("zsh", "-fc", session, "zsh", script, env={**os.environ, "TERM": "vt100", "LC_ALL": "C.UTF-8"}).stdout
    for got in ("GOT train --optimizer rmsprop END", "GOT reproduce END", "GOT sweep --loss squared,cross-entropy END"):
        if got not in said:
            wrong.append(f"zsh does not come to '{got}':\n{said}")
    return wrong


def main():
    build, failed = os.path.abspath(sys.argv[1]), 0
    lacking = [name for name in ("mandoc", "zsh") if shutil.which(name) is None]
    if lacking:
        print(f"SKIP: there is no {' and no '.join(lacking)} here (Debian: apt-get install {' '.join(lacking)})")
        return 0
    for check in (pages, bash, zsh):
        wrong = check(build)
        for line in wrong:
            print(line)
        print(f"{check.__name__}: {len(wrong)} wrong")
        failed += len(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
