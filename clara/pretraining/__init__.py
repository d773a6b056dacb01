"""How the embedded reader was made: corpus → tokenizer → samples → training → export → score.

``python -m clara.pretraining.train`` does all of it; ``python -m clara.pretraining.score`` scores any model that
mlx-lm can load. Nothing else in the package imports this.
"""

from clara import blas

blas.preload()
