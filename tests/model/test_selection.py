"""Choosing documents: exact forward, softmax backward."""

from __future__ import annotations

import mlx.core as mx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clara.model.selection import cosine_scores, top_k


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(0, 6))
def test_the_selection_is_exactly_the_k_best_in_order(seed, k, more):
    mx.random.seed(seed)
    scores = mx.random.uniform(-1, 1, (3, k + more))
    documents = mx.random.normal((3, k + more, 4))
    selection, chosen = top_k(scores, k)
    best = [sorted(range(k + more), key=lambda n, row=row: -row[n])[:k] for row in scores.tolist()]
    assert chosen.tolist() == best
    wanted = mx.stack([document[mx.array(places)] for document, places in zip(documents, best, strict=True)])
    assert mx.allclose(selection @ documents, wanted, atol=1e-5)


def test_every_score_gets_a_gradient_and_they_cancel_out():
    scores = mx.array([[0.03, 0.01, 0.02]])
    weights = mx.array([[[1.0, -2.0, 0.5]]])
    gradient = mx.grad(lambda s: mx.sum(top_k(s, 1)[0] * weights))(scores)
    assert mx.all(gradient != 0)
    assert abs(float(gradient.sum())) < 1e-4


@pytest.mark.parametrize("k", [0, 4])
def test_choosing_more_than_there_are_says_what_to_do(k):
    with pytest.raises(ValueError, match=f"cannot choose {k} of 3 candidates: give at least k documents"):
        top_k(mx.zeros((1, 3)), k)


def test_cosine_ignores_length_and_survives_a_zero_vector():
    query, candidates = mx.array([[1.0, 0.0]]), mx.array([[[5.0, 0.0], [0.0, 2.0], [0.0, 0.0]]])
    assert mx.allclose(cosine_scores(query, candidates), mx.array([[1.0, 0.0, 0.0]]))
