#!/usr/bin/env python3
"""Writes fuzz/corpus: small inputs of every kind that the fuzzers start from.

Needs numpy and Pillow. The files are committed; run this again only to change them. corpus/verdict
is what it does not write: the verdict.json of three small runs of `whichfirst compare`, one with three
orders and plan.seeds = "auto", one with a list of learning rates, one with recipe.taps (cut to a few places).
"""
import gzip, io, json, pathlib, struct, zlib

import numpy as np
from PIL import Image

CORPUS = pathlib.Path(__file__).parent / "corpus"
RANDOM = np.random.default_rng(0)


def write(target, name, content):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def notation():
    texts = {
        "plain": "2*unit(16) unit(16, pool=2) 4*unit(64) gap fc(classes)",
        "order": "conv bn relu", "dialect": "conv-bn->relu, cbrp",
        "residual": "res(bn relu conv(k=1, s=2) res(conv bn) gn(8)) leaky(0.1) drop(0.2)",
        "ends": "bn 3*(conv(16, bias=off) in(affine=off)) avgpool(3, s=2, p=1) flatten fc(10)",
        "units": "unit(6, k=5, p=0, pool=2) unit(32, s=2) unit(256, weight=fc)",
        "stages": "ln elu gelu silu tanh sigmoid softsign hardswish mish softplus sign maxpool",
    }
    for name, text in texts.items():
        write("notation", name, text)


def study():
    write("study", "small", 'network = "unit(8) gap fc(classes)"\n[orders]\na = "conv bn relu"\n')
    write("study", "full", """name = "x"
seed = 3
bias = "on"
match = ["bias", "ends"]
[orders]
a = "res(conv bn) relu"
"b.c" = "cbr"
[data]
path = "d"
train = 100
test = 0.5
size = "32x48"
skip-broken = true
[recipe]
epochs = 2
optimizer = "sgd"
nesterov = true
schedule = "one-cycle"
warmup = 0.5
label-smoothing = 0.1
augment = ["crop(4)", "flip", "cutout(8)"]
[plan]
metric = "val_loss"
margin = 0.1
seeds = 9
""")
    write("study", "override", "recipe.augment=crop(4), flip")


def table():
    # The first byte chooses the options (fuzz/table.cpp), the rest is the file.
    def one(name, options, content):
        write("table", name, bytes([options]) + (content if isinstance(content, bytes) else content.encode()))
    one("plain", 0, "seed,order,accuracy\n1,a,90.5\n1,b,91\n2,a,90\n2,b,nan\n")
    one("quoted", 0, b'\xef\xbb\xbf"order","x","seed","accuracy"\r\n"a ""b""",1,1,2e1\r\nc,,1,\r\n')
    one("european", 0, "sep=;\nseed;order;accuracy;state\n1;a;90,5;ok\n1;b;91;bad\nmean;a;1;ok\n")
    one("spaces", 0, "# numpy\n# seed order accuracy\n1  a 90.5\n1  b 91\n")
    one("wide", 8, "seed\ta\tb\n1\t2\t3\n2\tNA\t4\n")
    one("parts", 32, "seed,part,order,accuracy\n1,x,a,1\n1,x,b,2\n")
    one("log", 1 + 4, "seed,order,epoch,accuracy,state\n1,a,1,2,ok\n1,a,2,3,ok\n1,b,1,2,ok\n1,b,2,,ok\n")
    one("chart", 1 + 16, "Step,a-1 - acc,a-1 - acc__MIN,b-1 - acc\n0,1,1,2\n1,2,2,3\n")
    one("records", 0, '[{"seed": 1, "order": "a", "accuracy": NaN}, {"seed": 1, "order": "b", "accuracy": 2}]')
    one("lines", 64, '{"seed":1,"order":"a","accuracy":1}\n{"seed":1,"order":"b","accuracy":{"x":2}}\n')
    one("columns", 0, '{"seed": {"0": 1, "1": 1}, "order": {"0": "a", "1": "b"}, "accuracy": {"0": 1, "1": 2}}')


def safetensors():
    def one(header, values):
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        return struct.pack("<Q", len(text)) + text + values
    values = np.arange(6, dtype="<f4").tobytes()
    write("safetensors", "f32", one(
        {"__metadata__": {"a": "b"},
         "w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}, values))
    write("safetensors", "mixed", one(
        {"h": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]},
         "b": {"dtype": "BF16", "shape": [2], "data_offsets": [4, 8]},
         "n.num_batches_tracked": {"dtype": "I64", "shape": [], "data_offsets": [8, 16]},
         "d": {"dtype": "F64", "shape": [1], "data_offsets": [16, 24]}}, values))


def idx():
    pixels = RANDOM.integers(0, 256, (3, 4, 5), dtype=np.uint8).tobytes()
    images = struct.pack(">IIII", 0x803, 3, 4, 5) + pixels
    colour = struct.pack(">IIIII", 0x804, 1, 3, 4, 5) + pixels
    labels = struct.pack(">II", 0x801, 3) + bytes([0, 1, 2])
    one = struct.pack(">II", 0x801, 1) + bytes([1])
    write("idx", "gray", images + labels.ljust(64, b"#"))
    write("idx", "colour", colour + one.ljust(64, b"#"))
    table = struct.pack(">III8i", 0xC02, 2, 4, *range(8))
    write("idx", "table", struct.pack(">IIII", 0x803, 2, 5, 6) + pixels + table.ljust(64, b"#"))
    write("idx", "gzip", gzip.compress(images, mtime=0) + gzip.compress(labels, mtime=0).ljust(64, b"#"))


def cifar():
    def records(labels, count):
        return b"".join(bytes(labels) + RANDOM.integers(0, 8, 3072, dtype=np.uint8).tobytes()
                        for _ in range(count))
    write("cifar", "ten", records([3], 2))
    write("cifar", "hundred", gzip.compress(records([3, 99], 1), mtime=0)[:-1] + b"\0")
    compressed = gzip.compress(records([1], 2), mtime=0)
    write("cifar", "gzip", compressed if len(compressed) % 2 == 0 else compressed + b"\0")


def npz():
    labels = np.array([0, 1], dtype=np.int64)
    for name, pixels, save in [
            ("nhwc", RANDOM.integers(0, 256, (2, 4, 5, 3), dtype=np.uint8), np.savez),
            ("deflated", RANDOM.integers(0, 4, (2, 5, 5), dtype=np.uint8), np.savez_compressed),
            ("float", RANDOM.random((2, 1, 4, 5)).astype(">f4"), np.savez)]:
        buffer = io.BytesIO()
        save(buffer, x_train=pixels, y_train=labels, x_test=pixels, y_test=labels.reshape(2, 1))
        write("npz", name, buffer.getvalue())


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(
        ">I", zlib.crc32(kind + content))


def png():
    gradient = np.add.outer(np.arange(7) * 9, np.arange(5) * 7).astype(np.uint8)
    colour = np.stack([gradient, gradient[::-1], gradient[:, ::-1]], axis=2)
    pictures = {
        "gray": Image.fromarray(gradient), "rgb": Image.fromarray(colour),
        "alpha": Image.fromarray(np.dstack([colour, gradient])),
        "gray-alpha": Image.fromarray(np.dstack([gradient, gradient]), "LA"),
        "palette": Image.fromarray(colour).quantize(8), "one-bit": Image.fromarray(gradient > 30),
        "deep": Image.fromarray((gradient * 257).astype(np.int32), "I").convert("I;16")}
    for name, picture in pictures.items():
        buffer = io.BytesIO()
        picture.save(buffer, "png")
        write("picture", f"png-{name}", buffer.getvalue())
    # Adam7 of a single pixel has one pass.
    write("picture", "png-interlaced", b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 1)) + chunk(
            b"IDAT", zlib.compress(b"\0\x7f")) + chunk(b"IEND", b""))


def other_pictures():
    gradient = np.add.outer(np.arange(7) * 9, np.arange(5) * 7).astype(np.uint8)
    colour = np.stack([gradient, gradient[::-1], gradient[:, ::-1]], axis=2)
    whole, palette = Image.fromarray(np.dstack([colour, gradient])), Image.fromarray(colour).quantize(8)
    gray, rgb = Image.fromarray(gradient), Image.fromarray(colour)
    turned = Image.Exif()
    turned[274] = 6
    for name, picture, kind, options in [
            ("rgb", rgb, "bmp", {}), ("palette", palette, "bmp", {}), ("gray", gray, "gif", {}),
            ("transparent", palette, "gif", {"transparency": 2}),
            ("animated", palette, "gif", {"save_all": True, "append_images": [palette.rotate(180)]}),
            ("lossless", whole, "webp", {"lossless": True}), ("lossy", rgb, "webp", {"exif": turned}),
            ("animated", rgb, "webp", {"save_all": True, "append_images": [rgb.rotate(180)]}),
            ("turned", rgb, "png", {"exif": turned}), ("turned", rgb, "jpeg", {"exif": turned}),
            ("rgb", rgb, "tiff", {}), ("palette", palette, "tiff", {"compression": "packbits"}),
            ("lzw", whole, "tiff", {"compression": "tiff_lzw"}),
            ("fax", gray.convert("1"), "tiff", {"compression": "group4"}),
            ("jpeg", rgb, "tiff", {"compression": "jpeg"}),
            ("deep", Image.fromarray(gradient.astype(np.int32), "I").convert("I;16"), "tiff", {})]:
        buffer = io.BytesIO()
        picture.save(buffer, kind, **options)
        write("picture", f"{kind}-{name}", buffer.getvalue())
    for name in ("planes.tif", "tiles.tif", "565.bmp", "four_bits.bmp"):
        fixtures = CORPUS.parents[1] / "tests/fixtures/data/pictures"
        write("picture", name, (fixtures / name).read_bytes())


def jpeg():
    gradient = np.add.outer(np.arange(17) * 9, np.arange(13) * 7).astype(np.uint8)
    colour = np.stack([gradient, gradient[::-1], gradient[:, ::-1]], axis=2)
    for name, picture, options in [
            ("gray", Image.fromarray(gradient), {}),
            ("rgb", Image.fromarray(colour), {"subsampling": 0}),
            ("sampled", Image.fromarray(colour), {"subsampling": 2}),
            ("progressive", Image.fromarray(colour), {"progressive": True}),
            ("cmyk", Image.fromarray(colour).convert("CMYK"), {})]:
        buffer = io.BytesIO()
        picture.save(buffer, "jpeg", quality=60, **options)
        write("picture", f"jpeg-{name}", buffer.getvalue())


for make in (notation, study, table, safetensors, idx, cifar, npz, png, other_pictures, jpeg):
    make()
