"""Published networks as float models with random weights, 224 x 224 unless asked.

Batch normalisation is folded and dropout left out, as for inference; so are softmax
and the auxiliary classifiers. The result is the 1000 logits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.benchmarks.graphs import FloatNetwork, GraphBuilder, Map

CLASSES = 1000

#: Blocks per stage of residual networks (He et al., CVPR 2016, table 1).
_RESNETS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}

#: Channels per convolution of VGG16 (Simonyan and Zisserman, 2015, column D).
_VGG16 = ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3)

#: Channels and stride per separable block (Howard et al., 2017, table 1).
_MOBILENET = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)

#: Expansion, channels, repetitions, stride (Sandler et al., CVPR 2018, table 2).
_MOBILENET_V2 = (
    *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
    *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
)

#: Squeezed and half of the expanded channels per fire module; 0 is a pool
#: (Iandola et al., 2016, and version 1.1 of the authors' repository).
_FIRES = ((16, 64), (16, 64), (32, 128), (32, 128))
_LATE_FIRES = ((48, 192), (48, 192), (64, 256), (64, 256))
_POOL = (0, 0)
_SQUEEZENET = (
    *(*_FIRES[:3], _POOL, _FIRES[3], *_LATE_FIRES[:3]),
    *(_POOL, _LATE_FIRES[3]),
)
_SQUEEZENET_1_1 = (*_FIRES[:2], _POOL, *_FIRES[2:], _POOL, *_LATE_FIRES)

#: 1x1; 3x3 reduced, 3x3; 5x5 reduced, 5x5; pool's projection; 0 is a pool
#: (Szegedy et al., CVPR 2015, table 1).
_GOOGLENET = (
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    (),
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
    (),
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
)


def resnet(depth: int, size: int = 224) -> FloatNetwork:
    """ResNet-18, -34 or -50; in -50 the 3x3 convolutions have the strides."""
    b = GraphBuilder(f"resnet{depth}", size)
    x = b.pool(b.conv(b.image(), 64, 7, 2), 3, 2, 1)
    blocks = _RESNETS[depth]
    block = _bottleneck if depth >= 50 else _basic
    for stage, count in enumerate(blocks):
        for index in range(count):
            stride = 2 if stage and not index else 1
            x = block(b, x, 64 << stage, stride, sum(blocks) ** -0.5)
    return b.network(b.dense(b.mean(x), CLASSES))


def _basic(b: GraphBuilder, x: Map, width: int, stride: int, gain: float) -> Map:
    """Two 3x3 convolutions beside the shortcut; ``gain`` tames the sum."""
    y = b.conv(b.conv(x, width, 3, stride), width, 3, activation="", gain=gain)
    return b.add(_shortcut(b, x, y, stride), y)


def _bottleneck(b: GraphBuilder, x: Map, width: int, stride: int, gain: float) -> Map:
    y = b.conv(b.conv(x, width, 1), width, 3, stride)
    y = b.conv(y, 4 * width, 1, activation="", gain=gain)
    return b.add(_shortcut(b, x, y, stride), y)


def _shortcut(b: GraphBuilder, x: Map, y: Map, stride: int) -> Map:
    if (x.channels, x.size) == (y.channels, y.size):
        return x
    return b.conv(x, y.channels, 1, stride, activation="")


def vgg16(size: int = 224) -> FloatNetwork:
    """VGG16."""
    b = GraphBuilder("vgg16", size)
    x = b.image()
    for stage in _VGG16:
        for channels in stage:
            x = b.conv(x, channels, 3, normalised=False)
        x = b.pool(x, 2, 2)
    x = b.dense(b.dense(x, 4096, "Relu"), 4096, "Relu")
    return b.network(b.dense(x, CLASSES))


def alexnet(size: int = 224) -> FloatNetwork:
    """AlexNet in one tower (Krizhevsky, 2014), without response normalisation."""
    b = GraphBuilder("alexnet", size)
    x = b.pool(b.conv(b.image(), 64, 11, 4, 2, normalised=False), 3, 2)
    x = b.pool(b.conv(x, 192, 5, normalised=False), 3, 2)
    for channels in (384, 256, 256):
        x = b.conv(x, channels, 3, normalised=False)
    x = b.dense(b.dense(b.pool(x, 3, 2), 4096, "Relu"), 4096, "Relu")
    return b.network(b.dense(x, CLASSES))


def mobilenet(size: int = 224) -> FloatNetwork:
    """MobileNet-v1."""
    b = GraphBuilder("mobilenet", size)
    x = b.conv(b.image(), 32, 3, 2)
    for channels, stride in _MOBILENET:
        x = b.conv(x, x.channels, 3, stride, groups=x.channels)
        x = b.conv(x, channels, 1)
    return b.network(b.dense(b.mean(x), CLASSES))


def mobilenet_v2(size: int = 224) -> FloatNetwork:
    """MobileNet-v2."""
    b = GraphBuilder("mobilenet_v2", size)
    x = b.conv(b.image(), 32, 3, 2, activation="Relu6")
    for expansion, channels, count, first in _MOBILENET_V2:
        for index in range(count):
            stride = 1 if index else first
            wide, y = expansion * x.channels, x
            if expansion > 1:
                y = b.conv(y, wide, 1, activation="Relu6")
            y = b.conv(y, wide, 3, stride, groups=wide, activation="Relu6")
            y = b.conv(y, channels, 1, activation="", gain=0.7)
            x = b.add(x, y, "") if index else y
    x = b.conv(x, 1280, 1, activation="Relu6")
    return b.network(b.dense(b.mean(x), CLASSES))


def squeezenet(version: str = "1.0", size: int = 224) -> FloatNetwork:
    """SqueezeNet 1.0 or 1.1."""
    b = GraphBuilder(f"squeezenet{version}", size)
    channels, kernel = (96, 7) if version == "1.0" else (64, 3)
    x = b.conv(b.image(), channels, kernel, 2, 0, normalised=False)
    x = b.pool(x, 3, 2, ceil_mode=True)
    for squeezed, half in _SQUEEZENET if version == "1.0" else _SQUEEZENET_1_1:
        if not squeezed:
            x = b.pool(x, 3, 2, ceil_mode=True)
            continue
        y = b.conv(x, squeezed, 1, normalised=False)
        parts = (b.conv(y, half, kernel, normalised=False) for kernel in (1, 3))
        x = b.concat(*parts)
    return b.network(b.mean(b.conv(x, CLASSES, 1, normalised=False)))


def googlenet(size: int = 224) -> FloatNetwork:
    """GoogLeNet (Inception v1), without response normalisation."""
    b = GraphBuilder("googlenet", size)
    x = b.conv(b.image(), 64, 7, 2, normalised=False)
    x = b.conv(b.pool(x, 3, 2, ceil_mode=True), 64, 1, normalised=False)
    x = b.pool(b.conv(x, 192, 3, normalised=False), 3, 2, ceil_mode=True)
    for module in _GOOGLENET:
        if not module:
            x = b.pool(x, 3, 2, ceil_mode=True)
            continue
        one, before3, three, before5, five, projected = module
        x = _branches(
            b,
            x,
            [(one, 1)],
            [(before3, 1), (three, 3)],
            [(before5, 1), (five, 5)],
            projected=projected,
            normalised=False,
        )
    return b.network(b.dense(b.mean(x), CLASSES))


def inception_v3(size: int = 224) -> FloatNetwork:
    """Inception-v3 (Szegedy et al., CVPR 2016); published for 299 x 299."""
    b = GraphBuilder("inception_v3", size)
    x = b.conv(b.conv(b.image(), 32, 3, 2, 0), 32, 3, 1, 0)
    x = b.conv(b.pool(b.conv(x, 64, 3), 3, 2), 80, 1)
    x = b.pool(b.conv(x, 192, 3, 1, 0), 3, 2)
    for projected in (32, 64, 64):
        fives, threes = [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)]
        x = _branches(b, x, [(64, 1)], fives, threes, projected=projected)
    y = b.conv(b.conv(b.conv(x, 64, 1), 96, 3), 96, 3, 2, 0)
    x = b.concat(b.conv(x, 384, 3, 2, 0), y, b.pool(x, 3, 2))
    for n in (128, 160, 160, 192):
        short = [(n, 1), (n, (1, 7)), (192, (7, 1))]
        long = [(n, 1), (n, (7, 1)), (n, (1, 7)), (n, (7, 1)), (192, (1, 7))]
        x = _branches(b, x, [(192, 1)], short, long, projected=192)
    y = b.conv(b.conv(b.conv(x, 192, 1), 192, (1, 7)), 192, (7, 1))
    z = b.conv(b.conv(x, 192, 1), 320, 3, 2, 0)
    x = b.concat(z, b.conv(y, 192, 3, 2, 0), b.pool(x, 3, 2))
    for _ in range(2):
        short, long = b.conv(x, 384, 1), b.conv(b.conv(x, 448, 1), 384, 3)
        split = [b.conv(y, 384, k) for y in (short, long) for k in ((1, 3), (3, 1))]
        pooled = b.conv(b.pool(x, 3, 1, 1, op="AveragePool"), 192, 1)
        x = b.concat(b.conv(x, 320, 1), *split, pooled)
    return b.network(b.dense(b.mean(x), CLASSES))


def _branches(
    b: GraphBuilder,
    x: Map,
    *branches: list[tuple[int, int | tuple[int, int]]],
    projected: int,
    normalised: bool = True,
) -> Map:
    """Chains of convolutions (channels, kernel) and a projected pool, side by side.

    Version 1 pools by the maximum, version 3 (normalised) by the mean.
    """
    results: list[Map] = []
    for branch in branches:
        y = x
        for channels, kernel in branch:
            y = b.conv(y, channels, kernel, normalised=normalised)
        results.append(y)
    pooled = b.pool(x, 3, 1, 1, op="AveragePool" if normalised else "MaxPool")
    results.append(b.conv(pooled, projected, 1, normalised=normalised))
    return b.concat(*results)


def scaled(crossbars: int, size: int = 32) -> FloatNetwork:
    """A residual network of about so many crossbars of 128 x 128 weights.

    Three stages as for CIFAR-10 (He et al., section 4.2), as wide as three or more
    blocks per stage allow. Layers of one shape share their weights in the model.
    """
    width = 512
    while (blocks := round(crossbars / _block_crossbars(width))) < 3 and width > 16:
        width //= 2
    b = GraphBuilder(f"scaled{crossbars}", size, share=True)
    x = b.conv(b.image(), width, 3)
    for stage in range(3):
        for index in range(max(1, blocks)):
            stride = 2 if stage and not index else 1
            x = _basic(b, x, width << stage, stride, (3 * blocks) ** -0.5)
    return b.network(b.dense(b.mean(x), 10))


def _block_crossbars(width: int) -> int:
    """Crossbars of one block in each of three stages."""
    widths = (width << stage for stage in range(3))
    return sum(2 * -(-9 * w // 128) * -(-w // 128) for w in widths)


NETWORKS: Mapping[str, Callable[[], FloatNetwork]] = {
    "resnet18": lambda: resnet(18),
    "resnet34": lambda: resnet(34),
    "resnet50": lambda: resnet(50),
    "vgg16": vgg16,
    "alexnet": alexnet,
    "mobilenet": mobilenet,
    "mobilenet_v2": mobilenet_v2,
    "squeezenet1.0": lambda: squeezenet("1.0"),
    "squeezenet1.1": lambda: squeezenet("1.1"),
    "googlenet": googlenet,
    "inception_v3": inception_v3,
}
