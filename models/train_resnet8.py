"""Train a ResNet-8 on CIFAR-10 and export it as ONNX."""

import logging
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from datasets import load_cifar10
from training import (
    Recipe,
    accuracy,
    classifier,
    export,
    make_reproducible,
    parse_arguments,
    train,
)

LOG = logging.getLogger(__name__)

MARGIN = 4
"""Zero padding around an image before it is cropped, in pixels."""


class ConvNorm(nn.Module):
    """A convolution and the batch normalisation after it."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1) -> None:
        """Make the layers; the padding keeps the image size at stride 1."""
        super().__init__()
        self.conv = nn.Conv2d(
            inputs, outputs, size, stride, padding=size // 2, bias=False
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


class Stack(nn.Module):
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


class ResNet8(nn.Module):
    """The network for images of 3x32x32, after MLPerf Tiny."""

    def __init__(self) -> None:
        """Make the untrained layers."""
        super().__init__()
        self.stem = ConvNorm(3, 16, 3)
        self.relu = nn.ReLU()
        self.stack1 = Stack(16, 16, 1)
        self.stack2 = Stack(16, 32, 2)
        self.stack3 = Stack(32, 64, 2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = classifier(64)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of a batch of images."""
        x = self.relu(self.stem(x.contiguous(memory_format=torch.channels_last)))
        x = self.stack3(self.stack2(self.stack1(x)))
        return cast(Tensor, self.fc(self.flatten(self.pool(x))))

    def fold(self) -> None:
        """Move every batch normalisation into its convolution, for inference."""
        self.eval()
        for module in list(self.modules()):
            if isinstance(module, ConvNorm):
                module.fold()


def flip_and_crop(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror half of the images and shift every image by up to four pixels."""
    count, _, height, width = images.shape
    padded = functional.pad(images, (MARGIN,) * 4).permute(0, 2, 3, 1)
    offsets = torch.randint(0, 2 * MARGIN + 1, (2, count, 1), generator=generator)
    flipped = torch.randint(0, 2, (count, 1), generator=generator) == 1
    columns = torch.arange(width).expand(count, width)
    rows = offsets[0] + torch.arange(height)
    columns = offsets[1] + torch.where(flipped, columns.flip(1), columns)
    chosen = torch.arange(count)[:, None, None]
    crops = padded[chosen, rows[:, :, None], columns[:, None, :]]
    return crops.permute(0, 3, 1, 2)


def main() -> None:
    """Run the training from the command line."""
    options = parse_arguments(__doc__, "resnet8.onnx", epochs=18)
    make_reproducible(options.seed)
    recipe = Recipe(
        seed=options.seed,
        epochs=options.epochs,
        batch_size=128,
        max_lr=0.2,
        weight_decay=2e-4,
    )
    model = ResNet8()
    train(model, load_cifar10("train", options.cache), recipe, flip_and_crop)
    test = load_cifar10("test", options.cache)
    model.fold()
    LOG.info("test accuracy %.4f", accuracy(model, test))
    export(model, test, options.output, "cifar10_test.npz")


if __name__ == "__main__":
    main()
