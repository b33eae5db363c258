"""From frames to the arrays of the estimates, and independent estimates side by side."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import polars as pl

from quarterdeck.estimates.bars import Ints

Item = TypeVar("Item")
Result = TypeVar("Result")

# Polars, where it was imported before NumPy, loads it when it first meets an array. Of two threads
# that do so at the same moment one can fail with a TypeError: so it happens here, in one thread.
pl.Series(np.empty(0))


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Results of `work` on each item, in their order; the first error is raised.

    In threads: NumPy and SciPy let go of the interpreter while they compute.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, items))


def numbered(*columns: pl.Series) -> list[Ints]:
    """Columns of names as numbers from 0 in order of name, the same for the same name.

    Null is -1.
    """
    names = pl.concat([column.cast(pl.String).alias("name") for column in columns])
    kinds = pl.Enum(names.drop_nulls().unique().sort())
    return [
        column.cast(pl.String).cast(kinds).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
        for column in columns
    ]
