"""The family of image classifiers for CIFAR-10: three kinds of blocks, any width.

The residual network of width 16 is ResNet-8, after MLPerf Tiny.
"""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training import classifier

_FEWEST_ADJACENT = 8
"""Narrower networks keep channels apart: torch 2.13.0 on x86 writes past its buffers
in the backward pass of a 1x1 convolution over four adjacent channels."""


class ConvNorm(nn.Module):
    """A convolution and the batch normalisation after it."""

    def __init__(
        self, inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1
    ) -> None:
        """Make the layers; the padding keeps the image size at stride 1."""
        super().__init__()
        self.conv = nn.Conv2d(
            inputs, outputs, size, stride, size // 2, groups=groups, bias=False
        )
        self.norm: nn.BatchNorm2d | nn.Identity = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers."""
        return cast(Tensor, self.norm(self.conv(x)))

    def fold(self) -> None:
        """Move the batch normalisation into the convolution, for inference."""
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = fuse_conv_bn_eval(self.conv, self.norm)
            self.norm = nn.Identity()


class Plain(nn.Module):
    """Two 3x3 convolutions one after the other."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Make the layers."""
        super().__init__()
        self.conv1 = ConvNorm(inputs, outputs, 3, stride)
        self.conv2 = ConvNorm(outputs, outputs, 3)
        self.relu1 = nn.ReLU()
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        return cast(Tensor, self.relu2(self.conv2(self.relu1(self.conv1(x)))))


class Residual(nn.Module):
    """A residual block: two 3x3 convolutions and a shortcut around them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Make the layers; a block that changes the shape has a projection."""
        super().__init__()
        self.conv1 = ConvNorm(inputs, outputs, 3, stride)
        self.conv2 = ConvNorm(outputs, outputs, 3)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = ConvNorm(inputs, outputs, 1, stride)
        self.relu1 = nn.ReLU()
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        branch = self.conv2(self.relu1(self.conv1(x)))
        return cast(Tensor, self.relu2(branch + self.shortcut(x)))


class Separable(nn.Module):
    """Two depthwise separable convolutions: 3x3 in each channel, then 1x1."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Make the layers."""
        super().__init__()
        self.depthwise1 = ConvNorm(inputs, inputs, 3, stride, groups=inputs)
        self.pointwise1 = ConvNorm(inputs, outputs, 1)
        self.depthwise2 = ConvNorm(outputs, outputs, 3, groups=outputs)
        self.pointwise2 = ConvNorm(outputs, outputs, 1)
        self.relus = nn.ModuleList(nn.ReLU() for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        layers = (self.depthwise1, self.pointwise1, self.depthwise2, self.pointwise2)
        for layer, relu in zip(layers, self.relus, strict=True):
            x = cast(Tensor, relu(layer(x)))
        return x


Block = Callable[[int, int, int], nn.Module]


class Network(nn.Module):
    """A stem and three blocks for images of 3x32x32; each block doubles the width."""

    def __init__(self, block: Block, width: int) -> None:
        """Make the untrained layers."""
        super().__init__()
        self.width = width
        self.stem = ConvNorm(3, width, 3)
        self.relu = nn.ReLU()
        self.stack1 = block(width, width, 1)
        self.stack2 = block(width, 2 * width, 2)
        self.stack3 = block(2 * width, 4 * width, 2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = classifier(4 * width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of a batch of images."""
        adjacent = self.width >= _FEWEST_ADJACENT
        order = torch.channels_last if adjacent else torch.contiguous_format
        x = self.relu(self.stem(x.contiguous(memory_format=order)))
        x = self.stack3(self.stack2(self.stack1(x)))
        return cast(Tensor, self.fc(self.flatten(self.pool(x))))

    def fold(self) -> None:
        """Move every batch normalisation into its convolution, for inference."""
        self.eval()
        for module in list(self.modules()):
            if isinstance(module, ConvNorm):
                module.fold()


BLOCKS: dict[str, Block] = {
    "plain": Plain,
    "residual": Residual,
    "separable": Separable,
}
