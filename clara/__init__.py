"""clara-evals: does LoRA tuning beat retrieval on your documents, and was the comparison fair?

Layers, each importing only from those below it (``pyproject.toml`` holds the list, import-linter checks it)::

    plugin → pretraining → reports → answering → training → model
    → losses, retrieval, metrics, statistics → questions → documents → records, profiles → errors
"""

__version__ = "0.1.0"
