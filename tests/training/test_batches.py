from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clara.training.batches import Pool, Sample, collate

drawn_samples = st.lists(
    st.tuples(st.lists(st.integers(1, 500), min_size=2, max_size=12), st.integers(1, 11)),
    min_size=1,
    max_size=6,
)


def _samples(drawn: list[tuple[list[int], int]]) -> list[Sample]:
    return [Sample(tuple(ids), min(start, len(ids) - 1)) for ids, start in drawn]


@given(drawn_samples)
def test_each_target_follows_the_state_that_predicts_it(drawn):
    batch = collate(_samples(drawn))
    flat = batch.ids.reshape(-1).tolist()
    assert [flat[place + 1] for place in batch.positions.tolist()] == batch.targets.tolist()


@given(drawn_samples)
def test_exactly_the_supervised_tokens_are_targets(drawn):
    expected = [token for sample in _samples(drawn) for token in sample.ids[sample.start :]]
    assert collate(_samples(drawn)).targets.tolist() == expected


@given(st.integers(1, 9), st.integers(1, 5), st.integers(0, 99))
def test_an_epoch_shows_every_sample_once(count, batch_size, seed):
    pool = Pool(range(1, count + 1), batch_size, seed)
    seen = [item for i in range(count) for item in pool.batch(i)]  # batch_size epochs
    assert all(
        sorted(seen[k * count : (k + 1) * count]) == list(range(1, count + 1)) for k in range(batch_size)
    )


def test_a_batch_depends_on_its_number_alone():
    pool = Pool(range(7), batch_size=3, seed=1)
    later = pool.batch(5)
    assert [pool.batch(i) for i in range(6)][5] == later
