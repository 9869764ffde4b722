"""cimc: compile ONNX CNNs for compute-in-memory hardware and prove them right."""

__version__ = "0.1.0"
