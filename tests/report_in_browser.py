#!/usr/bin/env python3
"""Opens pages of `carrynet report` in headless Chromium: no error on the console, no request beyond the file, the network in
the page computes what Carrynet computed, bit for bit, and answers what is typed into it.

    report_in_browser.py CARRYNET
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

NAMES = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome", "google-chrome-stable")

QUICK = ("--budget", "1", "--states", "1")
# name, options of train, of report, the problems to type, what must come out, whether all bits are Carrynet's
PAGES = (
    ("adder", ("--seed", "2"), (), "244,192;93,38", ("308 wrong: it is 436", "131 right"), True),
    ("biased", ("--task", "add3", "--bias", "--bits", "5", "--batch", "16"), QUICK, "5,6,7;3,0,1", ("18 right", "4 right"), True),
    ("double", ("--task", "parity", "--precision", "fp64"), QUICK, "93;s1011101", ("75 right", "75 right"), False),
)


def run(*words):
    environment = dict(os.environ, CARRYNET_DEVICE="reference")
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")


def open_page(browser, folder, page):
    """The document after the script has run, and what the browser logged."""
    name, typed = page[0], page[3]
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--no-first-run", "--disable-extensions", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr",
         "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder}/profile-{name}", "--virtual-time-budget=1000",
         "--dump-dom", f"file://{folder}/{name}.html#test={typed}"],
        capture_output=True, text=True, timeout=120)
    return done.stdout, done.stderr


def faults(page, document, log):
    name, _, _, _, answers, equal = page
    found = []

    def expect(holds, what):
        if not holds:
            found.append(f"{name}: {what}")

    root = re.search(r"<html[^>]*>", document)
    root = root.group(0) if root else ""
    console = [line for line in log.splitlines() if "CONSOLE" in line]
    shown = re.search(r'<output id="live-result"[^>]*>([^<]*)</output>', document)
    shown = shown.group(1) if shown else "nothing"
    expect('data-errors="0"' in root, f"errors, or no script: {root}")
    expect(not console, "on the console: " + "\n".join(console))
    expect(f'data-tested="{"; ".join(answers)}"' in root, f"not what must come out: {root}")
    expect(shown == answers[-1].split()[0], f"it shows {shown}")
    expect(('data-different="0"' in root) == equal, f"bits are not as they should be: {root}")
    expect("NaN" not in document.split('id="data"')[0], "NaN on the page")
    expect(document.count('class="point"') > 1000, "the hidden states are missing")
    expect(document.count('class="curve') >= 2, "the curves are missing")
    return found


def main():
    carrynet = os.path.abspath(sys.argv[1])
    browser = next((path for path in map(shutil.which, NAMES) if path), None)
    if browser is None:
        print("SKIP: no Chromium to open the page in. Debian: apt-get install chromium")
        return 77
    with tempfile.TemporaryDirectory(prefix="carrynet-report-", ignore_cleanup_errors=True) as folder:
        for name, train, report, *_ in PAGES:
            model, log = f"{folder}/{name}.safetensors", f"{folder}/{name}.jsonl"
            run(carrynet, "train", "-q", *train, "-o", model, "--log", log)
            run(carrynet, "report", log, model, *report, "-o", f"{folder}/{name}.html")
        found = []
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for page, (document, log) in zip(PAGES, pool.map(lambda page: open_page(browser, folder, page), PAGES)):
                found += faults(page, document, log)
    for fault in found:
        print(fault)
    print(f"{len(PAGES)} pages opened in {browser}, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
