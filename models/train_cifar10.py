"""Train networks of the family on CIFAR-10 and export them as ONNX."""

import logging

import torch
from torch import Tensor
from torch.nn import functional

from datasets import load_cifar10
from family import BLOCKS, Network
from training import (
    HERE,
    Recipe,
    accuracy,
    argument_parser,
    export,
    make_reproducible,
    train,
)

LOG = logging.getLogger(__name__)

MARGIN = 4
"""Zero padding around an image before it is cropped, in pixels."""


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
    parser = argument_parser(__doc__, epochs=10)
    parser.add_argument("block", choices=BLOCKS)
    parser.add_argument("width", type=int)
    options = parser.parse_args()
    make_reproducible(options.seed)
    recipe = Recipe(
        seed=options.seed,
        epochs=options.epochs,
        batch_size=128,
        max_lr=0.2,
        weight_decay=2e-4,
    )
    model = Network(BLOCKS[options.block], options.width)
    train(model, load_cifar10("train", options.cache), recipe, flip_and_crop)
    test = load_cifar10("test", options.cache)
    model.fold()
    LOG.info("test accuracy %.4f", accuracy(model, test))
    name = f"{options.block}{options.width}.onnx"
    export(model, test, options.output or HERE / name, "cifar10_test.npz")


if __name__ == "__main__":
    main()
