"""Models: base, LoRA views of it, prompts, decoding. Importing it chooses the BLAS before MLX loads."""

from clara import blas

blas.preload()
