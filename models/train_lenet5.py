"""Train a LeNet-5 class network on MNIST and export it as ONNX."""

import logging
from collections import OrderedDict

from torch import nn

from datasets import load_mnist
from training import (
    HERE,
    Recipe,
    accuracy,
    argument_parser,
    classifier,
    export,
    make_reproducible,
    train,
)

LOG = logging.getLogger(__name__)


def lenet5() -> nn.Sequential:
    """Return the untrained network for images of 1x28x28."""
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 6, 5, padding=2),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(6, 16, 5),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            fc1=nn.Linear(16 * 5 * 5, 120),
            relu3=nn.ReLU(),
            fc2=nn.Linear(120, 84),
            relu4=nn.ReLU(),
            fc3=classifier(84),
        )
    )


def main() -> None:
    """Run the training from the command line."""
    options = argument_parser(__doc__, epochs=4).parse_args()
    make_reproducible(options.seed)
    recipe = Recipe(
        seed=options.seed,
        epochs=options.epochs,
        batch_size=64,
        max_lr=0.05,
        weight_decay=1e-4,
    )
    model = lenet5()
    train(model, load_mnist("train", options.cache), recipe)
    test = load_mnist("test", options.cache)
    LOG.info("test accuracy %.4f", accuracy(model, test))
    export(model, test, options.output or HERE / "lenet5.onnx", "mnist_test.npz")


if __name__ == "__main__":
    main()
