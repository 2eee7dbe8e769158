#!/usr/bin/env python3
"""Runs every command of README.md and docs/*.md and compares what it prints with what they show.

    scripts/docs_test.py build/release/whichfirst [--update] [DOCUMENT ...]

Fenced blocks of two kinds are run, each document in a scratch folder of its own, in order:

    ```sh          one command per line, comments after #; each must exit with 0
    ```console     commands after "$ ", each followed by what it prints

A line that ends with a backslash goes on. Every line that a document shows must be printed, on
standard output or on standard error, in that order, spaces aside; a document may leave lines out,
with "..." or without. A ```toml block that begins with "# NAME.toml" is written to that file. A block without
a language must hold no command.

HTML comments above a block say what else holds for it:

    <!-- docs-test: exit 2 -->              the exit code of its commands; several: one by one
    <!-- docs-test: file NAME -->           not run: written to that file
    <!-- docs-test: before COMMAND -->      run first, not shown
    <!-- docs-test: append WORDS -->        added to compare and train to make them short; only
                                            their exit code is looked at then
    <!-- docs-test: pictures NAME -->       a folder of small PNG files in two classes, or with a
                                            name in .npz an archive, made before
    <!-- docs-test: needs DATA -->          skipped where that data set is not there
    <!-- docs-test: numbers, REASON -->     numbers may differ: they depend on processor or time
    <!-- docs-test: skip, REASON -->        not run

All that was skipped or tolerated is listed with its reason. --update puts the nearest printed line in
the place of each that is not printed any more: read the difference before you commit it.
"""

import difflib
import glob
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SECONDS_PER_COMMAND = 240
NUMBER = re.compile(r"[-+]?\d[\d,]*\.?\d*(?:e[-+]?\d+)?")
TRAINS = re.compile(r"whichfirst (compare|train) ")
COMMAND = re.compile(r"\$ |(whichfirst|make|cmake|scripts/\S+|python3?) \S")


class Block:
    def __init__(self, line, language, directives):
        self.line, self.language, self.lines = line, language, []
        self.directives = directives  # word -> list of texts
        self.moved = {}  # line of the document that is not printed -> the nearest that is

    def first(self, word):
        return self.directives.get(word, [None])[0]


def read_blocks(text):
    """The fenced blocks of a document, with the directives above each."""
    blocks, directives, block = [], {}, None
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.fullmatch(r"```(\w*)", line.strip()) if line.startswith("```") else None
        if block is not None:
            if fence:
                blocks.append(block)
                block = None
            else:
                block.lines.append(line)
            continue
        if fence:
            block = Block(number, fence.group(1), directives)
            directives = {}
            continue
        comment = re.fullmatch(r"<!-- docs-test: (\w+),? ?(.*?) ?-->", line.strip())
        if comment:
            directives.setdefault(comment.group(1), []).append(comment.group(2))
        elif line.strip():
            directives = {}
    return blocks


def read_commands(block):
    """(command, lines it is shown to print) of a block."""
    commands, is_going_on = [], False
    for line in block.lines:
        if is_going_on:
            commands[-1][0] += "\n" + line
        elif block.language == "sh":
            if not line.strip() or line.startswith("#"):
                continue
            commands.append([line, []])
        elif line.startswith("$ "):
            commands.append([line[2:], []])
        else:
            if commands and line.strip() not in ("", "..."):
                commands[-1][1].append(line)
            continue
        is_going_on = line.endswith("\\")
    return commands


def missing_line(shown, printed, mask_numbers):
    """The first line of `shown` that does not follow in `printed`; None where all do."""
    if mask_numbers:  # other numbers break lines at other places
        words = " ".join(NUMBER.sub("#", " ".join(printed)).split())
        place = 0
        for line in shown:
            wanted = " ".join(NUMBER.sub("#", line).split())
            found = words.find(wanted, place)
            if found < 0:
                return line
            place = found + len(wanted)
        return None
    rest = iter(line.split() for line in printed)
    for line in shown:
        if line.split() not in rest:
            return line
    return None


SIDE = 24  # of a made picture


def picture(label, number):
    """Bytes of a gray picture, brighter to the right in one class and to the bottom in the other."""
    return bytes((10 * (x, y)[label] + 7 * number + 3 * x * y) % 256
                 for y in range(SIDE) for x in range(SIDE))


def make_folder(path):
    def chunk(kind, content):
        return (struct.pack(">I", len(content)) + kind + content
                + struct.pack(">I", zlib.crc32(kind + content)))

    for label, word in enumerate(("cat", "dog")):
        os.makedirs(os.path.join(path, word))
        for number in range(100):
            pixels = picture(label, number)
            rows = b"".join(b"\0" + pixels[i:i + SIDE] for i in range(0, len(pixels), SIDE))
            with open(os.path.join(path, word, f"{number}.png"), "wb") as file:
                file.write(b"\x89PNG\r\n\x1a\n"
                           + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0))
                           + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def make_archive(path):
    """What numpy.savez writes."""
    def array(shape, content):
        header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode()
        header += b" " * (-(len(header) + 11) % 64) + b"\n"
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content

    with zipfile.ZipFile(path, "w") as archive:
        for part, count in (("train", 300), ("test", 100)):
            labels = [number % 2 for number in range(count)]
            pixels = b"".join(picture(label, number) for number, label in enumerate(labels))
            archive.writestr(f"x_{part}.npy", array((count, SIDE, SIDE), pixels))
            archive.writestr(f"y_{part}.npy", array((count,), bytes(labels)))


def nearest_lines(shown, printed):
    """Each line of `shown` that is not printed, with the printed one nearest to it."""
    candidates = [line.rstrip() for line in printed if line.strip() and line not in shown]
    moved = {}
    for line in shown:
        if line in printed:
            continue
        near = difflib.get_close_matches(line, candidates, n=1, cutoff=0.5)
        if near:
            moved[line] = near[0]
            candidates.remove(near[0])
    return moved


class Document:
    def __init__(self, path, environment):
        self.name, self.path = os.path.relpath(path, ROOT), path
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.blocks = read_blocks(self.text)
        self.environment = environment
        self.run_count, self.failures, self.notes = 0, [], []

    def shell(self, command, folder):
        return subprocess.run(["bash", "-c", "set -o pipefail\n" + command], cwd=folder,
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="replace", timeout=SECONDS_PER_COMMAND)

    def fail(self, block, command, why):
        self.failures.append(f"{self.name}:{block.line}: $ {command}\n    {why}")

    def run_command(self, block, place, command, shown, folder):
        appended = block.first("append") if TRAINS.match(command) else None
        codes = (block.first("exit") or "0").split()
        wanted = int(codes[min(place, len(codes) - 1)])
        whole = f"{command.split('  #')[0]} {appended}" if appended else command
        self.run_count += 1
        try:
            ended = self.shell(whole, folder)
        except subprocess.TimeoutExpired:
            self.fail(block, whole, f"it did not end within {SECONDS_PER_COMMAND} s")
            return
        if ended.returncode != wanted:
            self.fail(block, whole, f"exit code {ended.returncode}, expected {wanted}: "
                      + (ended.stderr.strip() or ended.stdout.strip())[-600:])
            return
        if appended or not shown:
            return
        lines = [stream.splitlines() for stream in (ended.stdout, ended.stderr)]
        masks = "numbers" in block.directives
        missing = [missing_line(shown, each, masks) for each in lines]
        if None not in missing:
            block.moved.update(nearest_lines(shown, lines[0] + lines[1]))
            self.fail(block, command, f"it does not print: {missing[0]}\n    it prints:\n"
                      + "\n".join("      " + line for line in (lines[0] or lines[1])[:60]))

    def run_block(self, block, folder):
        def note(word, text):
            self.notes.append(f"{self.name}:{block.line}: {word}: {text}")

        name = block.first("file")
        if block.language == "toml" and block.lines:
            title = re.fullmatch(r"# (\S+\.toml)", block.lines[0])
            name = name or (title and title.group(1))
        if name:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write("\n".join(block.lines) + "\n")
            return
        if block.language not in ("sh", "console"):
            if not block.language and any(COMMAND.match(line) for line in block.lines):
                self.fail(block, block.lines[0], "commands in a block that is neither sh, console "
                          "nor text")
            return
        if "skip" in block.directives:
            note("skipped", block.first("skip") or "without a reason")
            if not block.first("skip"):
                self.fail(block, block.lines[0], "skipped without a reason")
            return
        needs = block.first("needs")
        if needs and self.shell(f"whichfirst data info {needs}", folder).returncode != 0:
            note("skipped", f"the data set {needs} is not there")
            return
        for word, says in (("append", "shortened with"), ("numbers", "numbers not compared")):
            if word in block.directives:
                note(says, block.first(word))
        for path in block.directives.get("pictures", []):
            make = make_archive if path.endswith(".npz") else make_folder
            make(os.path.join(folder, path))
        for command in block.directives.get("before", []):
            self.run_command(Block(block.line, "sh", {}), 0, command, [], folder)
        for place, (command, shown) in enumerate(read_commands(block)):
            self.run_command(block, place, command, shown, folder)

    def update(self):
        lines = self.text.split("\n")
        for block in self.blocks:
            end = block.line + len(block.lines)
            lines[block.line:end] = [block.moved.get(line, line) for line in block.lines]
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))

    def run(self):
        with tempfile.TemporaryDirectory(prefix="docs-test-") as folder:
            for block in self.blocks:
                self.run_block(block, folder)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program = os.path.abspath(sys.argv[1])
    if os.path.basename(program) != "whichfirst" or not os.access(program, os.X_OK):
        sys.exit(f"{program}: expected a program named whichfirst, as make builds it")
    is_update = "--update" in sys.argv
    paths = [word for word in sys.argv[2:] if word != "--update"]
    paths = paths or [os.path.join(ROOT, "README.md"),
                      *sorted(glob.glob(os.path.join(ROOT, "docs", "*.md")))]
    environment = dict(os.environ, ROOT=ROOT, LC_ALL="C.UTF-8",
                       PATH=os.path.dirname(program) + os.pathsep + os.environ["PATH"])
    shared = os.path.join(ROOT, os.pardir, "shared", "data")
    if os.path.isdir(shared):
        environment.setdefault("WHICHFIRST_DATA", os.path.abspath(shared))
    failures = 0
    for path in paths:
        began = time.monotonic()
        document = Document(path, environment)
        document.run()
        if is_update:
            document.update()
        failures += len(document.failures)
        print(f"{document.name}: {document.run_count} commands run, {len(document.failures)} fail "
              f"({time.monotonic() - began:.0f} s)")
        for line in document.notes + document.failures:
            print("  " + line)
        sys.stdout.flush()
    if failures:
        sys.exit(f"{failures} commands do not do what the documents say")


if __name__ == "__main__":
    main()
