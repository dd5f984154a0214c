"""Platform-governance primitives: same facts, same outcome, and anyone can check it."""

__all__ = ["__version__"]
__version__ = "0.1.0"
