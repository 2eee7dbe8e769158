#!/usr/bin/env python3
"""Carries networks between whichfirst and PyTorch, both ways, and compares what they compute.

    python3 scripts/pytorch_check.py [build/release/whichfirst]

For each network a PyTorch module is built from `whichfirst summary --json`, with the same names of
its parameters. The training pictures are one batch: an epoch is a step, and both train alike.

    1  PyTorch loads what whichfirst trained and answers the test pictures alike
    2  whichfirst loads what PyTorch wrote of it; one more step of both comes to the same
    3  both train some steps from whichfirst's initial weights to the same losses and weights
    4  whichfirst trains from initial weights that PyTorch wrote to the very bits of 3

Exit status 0 where all agree, 1 where something does not. Needs PyTorch 1.13 or later and numpy.
"""

import json
import os
import re
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError as error:
    sys.exit(f"{error}: install PyTorch and numpy (Debian: python3-torch) or take another python3")

try:
    import safetensors.torch as safetensors_package
except ImportError:
    safetensors_package = None

NETWORKS = [
    ("article-15", "conv bn relu"),
    ("article-15", "conv relu bn"),
    ("resnet-20", "res(bn relu conv bn relu conv)"),
    ("resnet-20", "res(conv bn relu conv bn) relu"),
    ("mlp-3", "conv ln gelu"),
    ("unit(8) in unit(12, pool=2) avgpool(3, s=2, p=1) flatten fc(16) bn tanh fc(classes)",
     "res(conv gn(4) leaky(0.1)) elu(0.7)"),
]
SIZE, TRAIN, TEST, CLASSES = 16, 64, 200, 10
LONG = 20  # steps
# A sum near 0 that rounds to the other side of a relu's kink lets another gradient through: within
# ten steps of article-15 PyTorch's own float32 and float64 differ by 1 % of the loss.
SHORT = 3
LR, MOMENTUM, DECAY = 0.01, 0.9, 5e-4
TOLERANCE = 1e-3  # relative; float32 rounding grows from step to step


class Sign(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(context, dy):
        return dy * (context.saved_tensors[0].abs() <= 1)


class Function(nn.Module):
    """A stage without parameters."""

    def __init__(self, function):
        super().__init__()
        self.forward = function


def make_stage(text, reads, makes):
    """The module of a stage, as written in a summary, between two shapes."""
    word, inside = re.fullmatch(r"(\w+)(?:\((.*)\))?", text).groups()
    arguments = [a.strip() for a in inside.split(",")] if inside else []
    keys = dict(a.split("=") for a in arguments if "=" in a)
    numbers = [float(a) for a in arguments if "=" not in a]
    number = numbers[0] if numbers else None
    kernel = int(keys.get("k", 3))
    affine, eps = keys.get("affine") != "off", float(keys.get("eps", 1e-5))
    channels = reads[0]
    if word == "conv":
        return nn.Conv2d(channels, makes[0], kernel, int(keys.get("s", 1)),
                         int(keys.get("p", (kernel - 1) // 2)), bias=keys["bias"] == "on")
    if word == "fc":
        return nn.Linear(channels, makes[0], bias=keys["bias"] == "on")
    if word == "bn":
        batch_norm = nn.BatchNorm2d if len(reads) == 3 else nn.BatchNorm1d
        return batch_norm(channels, eps, float(keys.get("momentum", 0.1)), affine)
    if word == "in":
        return nn.InstanceNorm2d(channels, eps, affine=affine)
    if word == "ln" and len(reads) == 1:
        return nn.LayerNorm(channels, eps, elementwise_affine=affine)
    if word in ("ln", "gn"):
        return nn.GroupNorm(int(number or 1), channels, eps, affine)
    if word in ("maxpool", "avgpool"):
        window = int(number), int(keys.get("s", number)), int(keys.get("p", 0))
        if word == "maxpool":
            return nn.MaxPool2d(*window)
        return nn.AvgPool2d(*window, count_include_pad=False)
    if word == "drop":
        return nn.Dropout(number)
    if word == "leaky":
        return nn.LeakyReLU(0.01 if number is None else number)
    if word == "elu":
        return nn.ELU(1.0 if number is None else number)
    functions = {
        "gap": lambda x: x.mean(dim=(2, 3)), "flatten": lambda x: x.flatten(1),
        "res": lambda x, shortcut: x + shortcut, "sign": Sign.apply, "relu": torch.relu,
        "gelu": nn.functional.gelu, "silu": nn.functional.silu, "tanh": torch.tanh,
        "sigmoid": torch.sigmoid, "softsign": nn.functional.softsign,
        "hardswish": nn.functional.hardswish, "mish": nn.functional.mish,
        "softplus": nn.functional.softplus,
    }
    return Function(functions[word])


class Network(nn.Module):
    """The stages of a summary; the module of path units.3.bn is self.units.3.bn."""

    def __init__(self, summary):
        super().__init__()
        self.stages = []
        shapes = {"input": summary["input"]}
        for stage in summary["orders"][0]["stages"]:
            module = make_stage(stage["stage"], shapes[stage["reads"][0]], stage["output"])
            shapes[stage["path"]] = stage["output"]
            self.stages.append((stage["path"], stage["reads"]))
            *parents, last = stage["path"].split(".")
            place = self
            for parent in parents:
                if not hasattr(place, parent):
                    place.add_module(parent, nn.Module())
                place = getattr(place, parent)
            place.add_module(last, module)

    def forward(self, x):
        made = {"input": x}
        for path, reads in self.stages:
            made[path] = self.get_submodule(path)(*(made[source] for source in reads))
        return made[self.stages[-1][0]]

    def weights(self):
        """What whichfirst knows of a module: all but the counters of its batch norms."""
        return {name: tensor for name, tensor in self.state_dict().items()
                if not name.endswith("num_batches_tracked")}

    def load(self, weights):
        counters = {name: tensor for name, tensor in self.state_dict().items()
                    if name.endswith("num_batches_tracked")}
        self.load_state_dict({**weights, **counters}, strict=True)


def read_safetensors(path):
    with open(path, "rb") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(length))
        raw = f.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(raw[begin:end], "<f4").reshape(entry["shape"])
        tensors[name] = torch.tensor(values.copy())
    return tensors


def write_safetensors(path, tensors):
    header, raw = {}, b""
    for name, tensor in tensors.items():
        values = tensor.detach().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [len(raw), len(raw) + len(values)]}
        raw += values
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + raw)


class Pictures:
    """Noisy stripes, one slant and colour a class: something to learn in twenty steps."""

    def __init__(self, path):
        draw = np.random.RandomState(1)
        labels = np.arange(TRAIN + TEST) % CLASSES
        slant = 2 * np.pi * labels[:, None, None] / CLASSES
        y, x = np.mgrid[:SIZE, :SIZE]
        stripes = np.sin(0.9 * (x * np.cos(slant) + y * np.sin(slant)))
        colours = draw.uniform(20, 60, (CLASSES, 3))[labels]
        images = 128 + colours[:, :, None, None] * stripes[:, None]
        images = (images + draw.normal(0, 40, images.shape)).clip(0, 255).astype(np.uint8)
        np.savez(path, x_train=images[:TRAIN], y_train=labels[:TRAIN].astype(np.uint8),
                 x_test=images[TRAIN:], y_test=labels[TRAIN:].astype(np.uint8))
        train = images[:TRAIN].astype(np.float64)
        mean = train.mean(axis=(0, 2, 3), keepdims=True)
        deviation = train.std(axis=(0, 2, 3), keepdims=True)
        normal = torch.tensor(((images - mean) / deviation).astype(np.float32))
        self.train, self.test = normal[:TRAIN], normal[TRAIN:]
        answers = torch.tensor(labels)
        self.train_labels, self.test_labels = answers[:TRAIN], answers[TRAIN:]


def test(network, pictures):
    network.eval()
    with torch.no_grad():
        logits = network(pictures.test)
    loss = nn.functional.cross_entropy(logits.double(), pictures.test_labels).item()
    return loss, (logits.argmax(1) == pictures.test_labels).numpy()


def train(network, pictures, epochs):
    """Trains; the training loss of every step."""
    network.train()
    decayed = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() == 1]
    optimizer = torch.optim.SGD([{"params": decayed, "weight_decay": DECAY}, {"params": others}],
                                lr=LR, momentum=MOMENTUM)
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(pictures.train), pictures.train_labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


class Comparison:
    """Prints every claim with what was found, and counts those that do not hold."""

    def __init__(self):
        self.disagreements = 0
        self.farthest = {}

    def expect(self, holds, claim, found):
        self.disagreements += not holds
        print(f"  {'agrees   ' if holds else 'DISAGREES'}  {claim}: {found}")

    def expect_close(self, claim, ours, theirs, tolerance=TOLERANCE):
        ours, theirs = (torch.as_tensor(x, dtype=torch.float64).flatten() for x in (ours, theirs))
        distance = ((ours - theirs).norm() / theirs.norm()).item()
        self.farthest[claim] = max(distance, self.farthest.get(claim, 0))
        self.expect(distance <= tolerance, claim, f"relative difference {distance:.2g}")

    def expect_same_test(self, claim, record, network, pictures):
        loss, right = test(network, pictures)
        self.expect_close(f"{claim}, test loss", record["metrics"]["test_loss"], loss)
        stored = np.frombuffer(bytes.fromhex(record["right_answers"]["bits"]), np.uint8)
        ours = np.unpackbits(stored)[:TEST] == 1
        # A picture between two classes may fall to either by a rounding error.
        self.expect((ours != right).sum() <= 1, f"{claim}, right answers",
                    f"{ours.sum()} and {right.sum()} of {TEST}, {(ours != right).sum()} differ")


class Program:
    """whichfirst, on one study of one order."""

    def __init__(self, path, network, order, data):
        self.path = path
        self.study = [
            f"network={network}", f"orders.it={order}", f"data.path={data}", f"recipe.lr={LR}",
            f"recipe.batch={TRAIN}", "recipe.schedule=constant", "recipe.optimizer=sgd",
            f"recipe.momentum={MOMENTUM}", f"recipe.decay={DECAY}"]

    def run(self, verb, *arguments):
        done = subprocess.run([self.path, verb, *self.study, "--order", "it", "--json", *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"whichfirst {verb} failed:\n{done.stderr}")
        return json.loads(done.stdout)

    def train(self, epochs, *arguments):
        return self.run("train", f"recipe.epochs={epochs}", "--replicate", "1", *arguments)


def losses_of(record):
    return [epoch["train_loss"] for epoch in record["epochs"]]


def compare(program, pictures, folder, comparison):
    initial, trained, saved = (os.path.join(folder, f) for f in ("initial", "trained", "saved"))
    network = Network(program.run("summary"))

    record = program.train(LONG, "--save", trained)
    network.load(read_safetensors(trained))
    comparison.expect_same_test("1 its trained weights", record, network, pictures)

    write_safetensors(saved, network.weights())
    further = program.train(1, "--init", saved)
    losses = train(network, pictures, 1)
    comparison.expect_close("2 training loss of one more step", losses_of(further), losses)
    comparison.expect_same_test("2 after one more step", further, network, pictures)

    record = program.train(SHORT, "--save-init", initial, "--save", trained)
    start, ours = read_safetensors(initial), read_safetensors(trained)
    network.load(start)
    losses = train(network, pictures, SHORT)
    theirs = network.weights()
    comparison.expect_close("3 training losses", losses_of(record), losses)
    comparison.expect_close("3 what training added to the weights and statistics",
                            torch.cat([(ours[n] - start[n]).flatten() for n in start]),
                            torch.cat([(theirs[n] - start[n]).flatten() for n in start]))
    comparison.expect_same_test("3 after training", record, network, pictures)

    network.load(start)
    writers = {"this script": write_safetensors}
    if safetensors_package:
        writers["the package safetensors"] = lambda path, tensors: safetensors_package.save_file(
            tensors, path)
    for name, write in writers.items():
        write(saved, network.weights())
        again = program.train(SHORT, "--init", saved, "--save", trained)
        same = (all(record[key] == again[key] for key in ("metrics", "epochs", "right_answers"))
                and all(torch.equal(ours[n], t) for n, t in read_safetensors(trained).items()))
        comparison.expect(same, f"4 training from a file of {name}",
                          "the same bits" if same else "other numbers")


def main():
    path = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/release/whichfirst")
    if not os.access(path, os.X_OK):
        sys.exit(f"{path}: no such program; build it with `make program` or name another")
    torch.set_num_threads(1)
    comparison = Comparison()
    print(f"{path} and PyTorch {torch.__version__}"
          + ("" if safetensors_package else "; the package safetensors is not installed: skipped"))
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "pictures.npz")
        pictures = Pictures(data)
        for network, order in NETWORKS:
            print(f"{network}, {order}")
            compare(Program(path, network, order, data), pictures, folder, comparison)
    print("Largest relative differences:")
    for claim, distance in comparison.farthest.items():
        print(f"  {distance:.2g}  {claim}")
    if comparison.disagreements:
        sys.exit(f"{comparison.disagreements} disagreements")
    print("All agree.")


if __name__ == "__main__":
    main()
