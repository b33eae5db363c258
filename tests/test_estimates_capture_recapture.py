import numpy as np
import pytest

from quarterdeck.estimates.capture_recapture import chapman

# A. Chao, P. K. Tsay, S.-H. Lin, W.-Y. Shau, D.-Y. Chao (2001): The applications of
# capture-recapture models to epidemiological data, Statistics in Medicine 20, 3123-3157. Its
# hepatitis A data: serum tests P (135 cases), hospital records Q (122), epidemiologists E (126);
# it gives Chapman's estimate by pairs, with standard error and log-normal interval.
HEPATITIS = {
    "P and Q": ((135, 122, 49), (334, 29, 289, 403)),
    "P and E": ((135, 126, 45), (374, 36, 319, 461)),
}


@pytest.mark.parametrize("pair", HEPATITIS)
def test_published_example(pair: str) -> None:
    counts, published = HEPATITIS[pair]
    found = chapman(*counts)
    values = (found.estimate, found.standard_error, found.low, found.high)
    assert [float(value) for value in values] == pytest.approx(published, abs=0.51)


def test_by_hand() -> None:
    # 11 x 16 / 6 - 1, and 11 x 16 x 5 x 10 / (6 x 6 x 7)
    found = chapman(10, 15, 5)
    assert float(found.estimate) == pytest.approx(28 + 1 / 3)
    assert float(found.standard_error) ** 2 == pytest.approx(34.92, abs=0.005)


def test_interval_holds_the_truth_where_the_assumptions_do() -> None:
    random = np.random.default_rng(20_260_601)
    size, chances = 400, (0.5, 0.35)
    first, second = (random.random((2_000, size)) < chance for chance in chances)
    found = chapman(first.sum(1), second.sum(1), (first & second).sum(1))
    assert np.mean((found.low <= size) & (size <= found.high)) > 0.92
    assert np.mean(found.estimate) == pytest.approx(size, rel=0.01)


def test_positive_dependence_biases_it_low() -> None:
    random = np.random.default_rng(1)
    careful = random.random((500, 400)) < 0.5
    first, second = (random.random(careful.shape) < np.where(careful, 0.7, 0.2) for _ in range(2))
    found = chapman(first.sum(1), second.sum(1), (first & second).sum(1))
    assert np.mean(found.estimate) < 360


def test_a_list_within_the_other() -> None:
    found = chapman(20, 8, 8)
    assert (float(found.estimate), float(found.low), float(found.high)) == (20, 20, 20)


def test_nothing_in_common_says_nothing() -> None:
    found = chapman([5, 0], [6, 0], [0, 0])
    for values in (found.estimate, found.standard_error, found.low, found.high):
        assert np.isnan(values).all()


def test_never_below_what_was_seen() -> None:
    counts = np.array(
        [(a, b, m) for a in range(1, 12) for b in range(1, 12) for m in range(1, min(a, b) + 1)]
    )
    found = chapman(*counts.T)
    seen = counts[:, 0] + counts[:, 1] - counts[:, 2]
    assert (found.low >= seen - 1e-9).all()
    assert (found.low <= found.estimate + 1e-9).all()
    assert (found.estimate <= found.high + 1e-9).all()


@pytest.mark.parametrize("counts", [(3, 5, 4), (5, 3, 4), (1, 1, -1)])
def test_impossible_counts(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="fewer members"):
        chapman(*counts)
