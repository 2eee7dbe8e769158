#!/usr/bin/env python3
"""Two processes on one run folder, one of them killed at a random moment, many times over.

    python3 scripts/two_processes.py [build/release/whichfirst] [--kills 20] [--seed 1]

First both are left alone: 12 trials, each trained once. Then, for each kill, two processes start on
an empty folder and one of them gets SIGKILL. What must hold:

    1  the other one ends well, with all 12 trials and the verdict of an undisturbed run
    2  a trial that had a file when the signal came keeps that very file
    3  at most the trials that the killed process was training are trained a second time

How often a trial was trained is read off the progress files, which hold a line per epoch, and here
a trial is one epoch. Exit status 0 where all of that holds, else 1. Takes a minute or two.
"""

import argparse
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

TRIALS, JOBS = 12, 2
STUDY = ["network=unit(8, pool=2) gap fc(classes)", "data.train=600", "data.test=200",
         "recipe.epochs=1", "plan.seeds=6"]


def start(program, folder):
    return subprocess.Popen([program, "compare", *STUDY, "--quiet", "--jobs", str(JOBS), "--out",
                             str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def end(process):
    complaint = process.communicate()[1].decode()
    if process.returncode != 0:
        raise AssertionError(f"exit status {process.returncode}: {complaint}")


def trial_files(folder):
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns)
            for path in folder.glob("trials/*/[0-9]*.json")}


def times_trained(folder):
    """By trial, over the progress files of all processes; a line that was cut by the kill is none."""
    times = {}
    for path in folder.glob("progress-*.jsonl"):
        for line in path.read_text().splitlines():
            try:
                epoch = json.loads(line)
            except ValueError:
                continue
            trial = epoch["arm"], epoch["replicate"]
            times[trial] = times.get(trial, 0) + 1
    return times


def verdict(folder):
    document = json.loads((folder / "verdict.json").read_text())
    del document["timings"]
    return document


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?", default="build/release/whichfirst")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    program = str(pathlib.Path(options.program).resolve())
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as scratch:
        whole = pathlib.Path(scratch) / "whole"
        began = time.monotonic()
        for process in [start(program, whole), start(program, whole)]:
            end(process)
        seconds = time.monotonic() - began
        times = times_trained(whole)
        check(len(times) == TRIALS and set(times.values()) == {1}, f"left alone: {times}")
        print(f"left alone: {TRIALS} trials, each trained once, {seconds:.1f} s")
        for kill in range(options.kills):
            folder = pathlib.Path(scratch) / f"kill-{kill}"
            processes = [start(program, folder), start(program, folder)]
            time.sleep(draw.uniform(0, seconds))
            victim = processes.pop(draw.randrange(2))
            before = trial_files(folder)
            victim.send_signal(signal.SIGKILL)
            victim.communicate()
            end(processes[0])
            after = trial_files(folder)
            check(len(after) == TRIALS, f"kill {kill}: {len(after)} trials")
            check(all(after[path] == before[path] for path in before),
                  f"kill {kill}: a trial that had ended was trained again")
            again = sum(times_trained(folder).values()) - TRIALS
            check(0 <= again <= JOBS, f"kill {kill}: {again} trials were trained a second time")
            check(verdict(folder) == verdict(whole), f"kill {kill}: another verdict")
            print(f"kill {kill + 1}: {len(before)} trials had ended, {again} trained again")
    print("all well")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as failure:
        sys.exit(f"FAILED: {failure}")
