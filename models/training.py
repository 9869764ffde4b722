"""Training, scoring and export shared by the two training scripts."""

import argparse
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from datasets import CLASSES, DEFAULT_CACHE, Split, as_input
from quantize import name_samples

HERE = Path(__file__).parent
OPSET = 17

LOG = logging.getLogger(__name__)

Augmentation = Callable[[Tensor, torch.Generator], Tensor]


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run (SGD with a one-cycle learning rate)."""

    seed: int
    epochs: int
    batch_size: int
    max_lr: float
    weight_decay: float


def argument_parser(description: str | None, epochs: int) -> argparse.ArgumentParser:
    """Make the command line that both training scripts share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def make_reproducible(seed: int) -> None:
    """Fix the seed, the algorithms and the thread count of torch."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)


def train(
    model: nn.Module,
    data: Split,
    recipe: Recipe,
    augment: Augmentation | None = None,
) -> None:
    """Train a classifier in place.

    Args:
        model: The network, in any mode; left in training mode.
        data: The training split.
        recipe: Settings of the run.
        augment: Changes a batch of uint8 NCHW images, drawing from the generator.
    """
    generator = torch.Generator().manual_seed(recipe.seed)
    images = torch.from_numpy(data.images)
    labels = torch.from_numpy(data.labels)
    steps = len(labels) // recipe.batch_size
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=recipe.max_lr,
        momentum=0.9,
        nesterov=True,
        weight_decay=recipe.weight_decay,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.max_lr, epochs=recipe.epochs, steps_per_epoch=steps
    )
    model.train()
    for epoch in range(1, recipe.epochs + 1):
        start = time.perf_counter()
        order = torch.randperm(len(labels), generator=generator)
        total = 0.0
        for chosen in order[: steps * recipe.batch_size].reshape(steps, -1):
            batch = images[chosen]
            if augment is not None:
                batch = augment(batch, generator)
            loss = functional.cross_entropy(model(batch.float() / 255), labels[chosen])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            total += loss.item()
        seconds = time.perf_counter() - start
        LOG.info("epoch %d: loss %.4f, %.1f s", epoch, total / steps, seconds)


def accuracy(model: nn.Module, data: Split) -> float:
    """Return the share of images that a model classifies correctly."""
    model.eval()
    images = torch.from_numpy(as_input(data.images))
    with torch.inference_mode():
        guesses = torch.cat([model(batch).argmax(1) for batch in images.chunk(20)])
    return float(np.mean(guesses.numpy() == data.labels))


def export(model: nn.Module, data: Split, path: Path, samples: str) -> None:
    """Write a model as ONNX with a static batch of one image.

    Its metadata name ``samples``, the file of test images beside the model.
    """
    model.eval()
    torch.onnx.export(
        model,
        (torch.from_numpy(as_input(data.images[:1])),),
        path,
        input_names=["image"],
        output_names=["logits"],
        opset_version=OPSET,
        dynamo=False,
    )
    name_samples(path, samples)


def classifier(inputs: int) -> nn.Linear:
    """Return the last layer: one logit for each class."""
    return nn.Linear(inputs, CLASSES)
