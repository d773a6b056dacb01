"""Training: stages, the one loop, artefacts. Importing it chooses the BLAS before MLX loads."""

from clara import blas

blas.preload()
