"""The training step of a whichfirst network as a PyTorch user would write it, timed.

`whichfirst bench --peers` keeps this script running and talks to it in lines:

  task {"cores": 2, "batch": 32, ..., "networks": [{"stages": [...]}, ...]}
      -> {"torch": "1.13.0", "configurations": ["eager", ...],
          "missing": [{"configuration": "bf16", "reason": "..."}]}
  run NETWORK CONFIGURATION PROCESSESxTHREADS SECONDS       run 0 channels_last 2x1 1.5
      -> {"images_per_second": 812.3}

An answer to anything that fails is {"error": "..."}. The script ends when its input does. It works
by hand too, and needs nothing but PyTorch. What it cannot know - the network, the batch, the
optimizer - is in the task; the pictures are random bytes, held in memory as uint8.

The script itself never loads PyTorch: each process that trains is forked from it, so that it has
the number of threads that it is to have from the beginning.
"""

import contextlib
import json
import os
import signal
import socket
import sys
import time

IMAGES = 2048
LR = 0.001  # small: the labels are random

# --- the network ------------------------------------------------------------------------------


def make_activation(torch, stage, in_place):
    nn = torch.nn
    kinds = {
        "relu": lambda: nn.ReLU(inplace=in_place),
        "leaky": lambda: nn.LeakyReLU(stage["alpha"]),
        "elu": lambda: nn.ELU(stage["alpha"]),
        "gelu": nn.GELU,
        "silu": nn.SiLU,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
        "softsign": nn.Softsign,
        "hardswish": nn.Hardswish,
        "mish": nn.Mish,
        "softplus": nn.Softplus,
        "sign": nn.Hardtanh,  # the work of a straight-through gradient
    }
    return kinds[stage["activation"]]()


def make_module(torch, stage, in_place):
    nn = torch.nn
    kind = stage["kind"]
    whole = {name: int(value) for name, value in stage.items() if isinstance(value, (int, float))}
    if kind == "conv":
        return nn.Conv2d(whole["in"], whole["out"], whole["kernel"], whole["stride"],
                         whole["padding"], bias=bool(whole["bias"]))
    if kind == "bn":
        make = nn.BatchNorm1d if whole["is_vector"] else nn.BatchNorm2d
        return make(whole["in"], stage["eps"], stage["momentum"], affine=bool(whole["affine"]))
    if kind == "gn":
        return nn.GroupNorm(whole["groups"], whole["in"], stage["eps"],
                            affine=bool(whole["affine"]))
    if kind == "activation":
        return make_activation(torch, stage, in_place)
    if kind == "maxpool":
        return nn.MaxPool2d(whole["kernel"], whole["stride"], whole["padding"])
    if kind == "avgpool":
        return nn.AvgPool2d(whole["kernel"], whole["stride"], whole["padding"],
                            count_include_pad=False)
    if kind == "gap":
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    if kind == "drop":
        return nn.Dropout(stage["rate"])
    if kind == "flatten":
        return nn.Flatten()
    if kind == "fc":
        return nn.Linear(whole["in"], whole["out"], bias=bool(whole["bias"]))
    raise ValueError(f"unknown kind of stage: {kind}")


def make_model(torch, stages):
    """Stage i reads stages[i]["source"], -1 being the pictures; an `add` reads its shortcut too."""
    readers = [0] * len(stages)
    late = set()  # sources that are read by another stage than the next one
    for i, stage in enumerate(stages):
        for source in (stage["source"], stage.get("shortcut")):
            if source is None:
                continue
            if source >= 0:
                readers[source] += 1
            if source != i - 1:
                late.add(source)

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.stages = torch.nn.ModuleList()
            for stage in stages:
                source = stage["source"]
                # These do not need their result in their backward.
                in_place = (source >= 0 and readers[source] == 1
                            and stages[source]["kind"] in ("conv", "bn", "fc", "add"))
                self.stages.append(torch.nn.Identity() if stage["kind"] == "add" else
                                   make_module(torch, stage, in_place))

        def forward(self, x):
            kept = {-1: x} if -1 in late else {}
            for i, (stage, module) in enumerate(zip(stages, self.stages)):
                source = stage["source"]
                value = x if source == i - 1 else kept[source]
                if stage["kind"] == "add":
                    shortcut = stage["shortcut"]
                    x = value + (x if shortcut == i - 1 else kept[shortcut])
                else:
                    x = module(value)
                if i in late:
                    kept[i] = x
            return x

    return Model()


# --- a process that trains --------------------------------------------------------------------


def make_optimizer(torch, model, task):
    weights = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    decay = task["decay"]
    groups = [{"params": weights, "weight_decay": decay}]
    if others:
        groups.append({"params": others, "weight_decay": decay if task["decay_all"] else 0.0})
    if task["optimizer"] == "adamw":
        return torch.optim.AdamW(groups, lr=LR)
    return torch.optim.SGD(groups, lr=LR, momentum=task["momentum"], nesterov=task["nesterov"])


class Pictures:
    """What all networks of a process train on: random bytes and labels."""

    def __init__(self, torch, network):
        torch.manual_seed(1)
        channels, height, width = network["input"]
        self.images = torch.randint(0, 256, (IMAGES, channels, height, width), dtype=torch.uint8)
        self.labels = torch.randint(0, network["classes"], (IMAGES,))
        pixels = self.images.float()
        self.mean = pixels.mean((0, 2, 3)).reshape(1, channels, 1, 1)
        self.deviation = pixels.std((0, 2, 3)).reshape(1, channels, 1, 1)


class Training:
    """One model on the pictures; step() is what a user has in the innermost loop."""

    def __init__(self, torch, task, network, configuration, pictures):
        torch.manual_seed(1)
        self.torch = torch
        self.batch = task["batch"]
        self.pictures = pictures
        self.model = make_model(torch, network["stages"]).train()
        self.format = torch.contiguous_format
        if configuration != "eager":
            self.format = torch.channels_last
            self.model = self.model.to(memory_format=torch.channels_last)
        self.autocast = contextlib.nullcontext
        if configuration == "bf16":
            self.autocast = lambda: torch.autocast("cpu", dtype=torch.bfloat16)
        self.optimizer = make_optimizer(torch, self.model, task)
        if configuration == "compile":
            self.model = torch.compile(self.model)
        self.loss = torch.nn.CrossEntropyLoss(label_smoothing=task["label_smoothing"])
        self.order = torch.randperm(IMAGES)
        self.place = 0
        self.loss_sum = 0.0
        self.right = 0

    def step(self):
        if self.place + self.batch > IMAGES:
            self.order = self.torch.randperm(IMAGES)
            self.place = 0
        picks = self.order[self.place:self.place + self.batch]
        self.place += self.batch
        data = self.pictures
        pictures = data.images[picks].float().sub_(data.mean).div_(data.deviation)
        pictures = pictures.contiguous(memory_format=self.format)
        labels = data.labels[picks]
        self.optimizer.zero_grad(set_to_none=True)
        with self.autocast():
            logits = self.model(pictures)
            loss = self.loss(logits, labels)
        loss.backward()
        self.optimizer.step()
        self.loss_sum += loss.item()
        self.right += (logits.argmax(1) == labels).sum().item()


def processor_flags():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("flags"):
                    return line.split(":", 1)[1].split()
    except OSError:
        pass
    return []


def describe(torch):
    configurations = ["eager", "channels_last"]
    missing = []

    def offer(name, reason):
        if reason is None:
            configurations.append(name)
        else:
            missing.append({"configuration": name, "reason": reason})

    has_bf16 = {"avx512_bf16", "amx_bf16"} & set(processor_flags())
    offer("bf16", None if has_bf16 else "the processor has neither avx512_bf16 nor amx_bf16")
    if not hasattr(torch, "compile"):
        offer("compile", f"PyTorch {torch.__version__} has no torch.compile, which came with 2.0")
    else:
        try:
            torch.compile(torch.nn.Linear(1, 1))(torch.zeros(1, 1)).sum().backward()
            offer("compile", None)
        except Exception as error:  # whatever it lacks, often a compiler
            offer("compile", f"torch.compile fails: {type(error).__name__}")
    return {"torch": str(torch.__version__), "configurations": configurations, "missing": missing}


def answer_or_end(answer, file):
    try:
        print(json.dumps(answer), file=file, flush=True)
    except BrokenPipeError:  # nobody listens any more
        os._exit(0)


def serve(connection, threads, task):
    """Answers the lines of the script's main process until it is gone."""
    lines = connection.makefile("rw", encoding="utf-8")
    trainings = {}
    pictures = {}  # by shape and classes; one entry, unless used by hand
    ready = None
    torch = None
    for line in lines:
        words = line.split()
        try:
            if torch is None:
                import torch  # here and not above: see the head of this file
                torch.set_num_threads(threads)
            if words[0] == "describe":
                answer = describe(torch)
            elif words[0] == "warm":
                key = (int(words[1]), words[2])
                if key not in trainings:
                    network = task["networks"][key[0]]
                    kind = (*network["input"], network["classes"])
                    if kind not in pictures:
                        pictures[kind] = Pictures(torch, network)
                    trainings[key] = Training(torch, task, network, key[1], pictures[kind])
                    trainings[key].step()
                ready = trainings[key]
                ready.step()
                answer = {}
            else:
                seconds = float(words[1])
                steps = 0
                start = time.perf_counter()
                while True:
                    ready.step()
                    steps += 1
                    elapsed = time.perf_counter() - start
                    if elapsed >= seconds:
                        break
                answer = {"images_per_second": steps * ready.batch / elapsed}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answer_or_end(answer, lines)


# --- the script's main process ----------------------------------------------------------------


class Team:
    """Processes that train side by side, each with so many threads."""

    connections = []  # of all teams: a process must not hold another's open

    def __init__(self, processes, threads, task):
        self.lines = []
        for _ in range(processes):
            ours, theirs = socket.socketpair()
            if os.fork() == 0:
                for connection in Team.connections + [ours]:
                    connection.close()
                nothing = os.open(os.devnull, os.O_RDWR)
                os.dup2(nothing, 0)
                os.dup2(nothing, 1)
                serve(theirs, threads, task)
                os._exit(0)
            theirs.close()
            lines = ours.makefile("rw", encoding="utf-8")
            Team.connections += [lines, ours]  # a socket closes after what was made of it
            self.lines.append(lines)

    def ask(self, request):
        """The answers of all processes to a request that reaches them together."""
        for lines in self.lines:
            print(request, file=lines, flush=True)
        answers = []
        for lines in self.lines:
            line = lines.readline()
            if not line:
                raise RuntimeError("a training process has ended, perhaps for want of memory")
            answers.append(json.loads(line))
        for answer in answers:
            if "error" in answer:
                raise RuntimeError(answer["error"])
        return answers


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the end of the input ends this
    task = None
    teams = {}

    def team(processes, threads):
        if (processes, threads) not in teams:
            teams[processes, threads] = Team(processes, threads, task)
        return teams[processes, threads]

    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        try:
            if word == "task":
                task = json.loads(rest)
                answer = team(1, task["cores"]).ask("describe")[0]
            elif word == "run":
                network, configuration, layout, seconds = rest.split()
                processes, threads = layout.split("x")
                chosen = team(int(processes), int(threads))
                chosen.ask(f"warm {network} {configuration}")
                answers = chosen.ask(f"go {seconds}")
                answer = {"images_per_second": sum(a["images_per_second"] for a in answers)}
            else:
                raise ValueError(f"unknown request: {word}")
        except Exception as error:
            answer = {"error": str(error) or type(error).__name__}
        answer_or_end(answer, sys.stdout)


if __name__ == "__main__":
    main()
