"""Contenders: who answers, from what. Importing it chooses the BLAS before MLX loads."""

from clara import blas

blas.preload()
