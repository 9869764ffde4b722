"""``PYTHON -m tests.external.export``: networks of timm and torchvision, as PyTorch
exports them.

For a Python that has torch, timm and torchvision, in an environment of its own; cimc
needs none of them. Weights are seeded random numbers, and batch normalisation has seen
some random images, so that activations stay alive.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from tests.external.models import exported

#: Sides of the images; most have 64.
_SIDES = {"inception_v3": 107, "efficientformerv2_s0": 224, "visformer_tiny": 224}
_SIDES |= {"gmixer_12_224": 224}

_TIMM = """
mobilenetv2_050 mobilenetv3_small_050 mobilenetv4_conv_small efficientnet_lite0
tf_efficientnet_b0 mnasnet_small semnasnet_075 fbnetc_100 hardcorenas_a ghostnet_050
ghostnetv2_100 mixnet_s tf_mixnet_s lcnet_050 tinynet_e regnetx_002 regnety_002
resnet10t resnet14t resnetv2_50 seresnext26d_32x4d skresnet18 eca_resnet33ts resnest14d
res2net50d dla46_c hrnet_w18_small ese_vovnet19b_dw selecsls42 dpn48b inception_v3
xception41 cspresnet50 darknet17 cspdarknet53 repvgg_a0 mobileone_s0 repghostnet_050
rexnet_100 nf_regnet_b0 nf_resnet26 convnext_atto convnextv2_atto edgenext_xx_small
fasternet_t0 starnet_s1 inception_next_atto mambaout_femto hgnetv2_b0 tresnet_m
poolformer_s12 gernet_s mobilevit_xxs repvit_m0_9 gmixer_12_224 efficientformerv2_s0
visformer_tiny
"""

_TORCHVISION = """
shufflenet_v2_x0_5 squeezenet1_1 mobilenet_v3_small lraspp_mobilenet_v3_large
deeplabv3_mobilenet_v3_large googlenet efficientnet_v2_s densenet121 mnasnet0_5
regnet_y_400mf
"""


def main(chosen: list[str]) -> None:
    """Export the networks of those names, by default all."""
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):  # torchvision may come without its compiled operators
        library.define(f"{name}(Tensor dets, Tensor scores, float iou) -> Tensor")
    for name in chosen or (_TIMM + _TORCHVISION).split():
        path = exported() / f"{name}.onnx"
        if not path.is_file():
            _export(name, path)
        print(path)


def _export(name: str, path: Path) -> None:
    import torch

    torch.manual_seed(0)
    side = _SIDES.get(name, 64)
    network = _network(name).train()
    with torch.no_grad():
        for _ in range(3):
            network(torch.randn(8, 3, side, side))
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        _with_one_output(network).eval(),
        (torch.randn(1, 3, side, side),),
        path,
        dynamo=False,
        opset_version=17,
        input_names=["image"],
    )


def _network(name: str):
    if name in _TIMM.split():
        import timm

        return timm.create_model(name, pretrained=False, num_classes=10)
    import torchvision

    options = {"weights": None}
    if name.startswith(("deeplab", "lraspp")):
        options["weights_backbone"] = None
    if name == "googlenet":
        options |= {"aux_logits": False, "init_weights": True}
    return torchvision.models.get_model(name, **options)


def _with_one_output(network):
    """The network, with the one output that counts."""
    import torch

    class First(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, image):
            found = self.network(image)
            return found["out"] if isinstance(found, dict) else found

    return First()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1:])
