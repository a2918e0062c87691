"""Addressed uniforms computed ahead, in blocks, with NumPy.

A uniform is a pure function of its address, so it does not matter when it is computed or how many are computed at once.
One at a time costs the reference engine some 0.3 to 0.6 microseconds; in a block it costs a tenth of that. The values
are those of `funnelsim.randomness.uniform`, bit by bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funnelsim.randomness import uniform, uniform_array

ArrayTransform = Callable[[np.ndarray], np.ndarray]
ScalarTransform = Callable[[float], Any]


class UniformBlocks:
    """The uniforms of one purpose, for any entity and count, computed a block of entities at a time.

    Parameters
    ----------
    key : int
        Key of the run, from `funnelsim.randomness.run_key`.
    purpose : int
        What the uniforms are for.
    n_per_entity : int
        How many counts (0, 1, …) are computed ahead for each entity; those beyond are computed one by one.
    block_entities : int
        How many neighbouring entities are computed at once.
    scalar, array : callable, optional
        The same function of a uniform for one number and for an array (an inverse distribution function, say). They
        must agree to the last bit; give both or neither.

    Attributes
    ----------
    row : callable
        ``row(entity)`` returns the list of values for the counts computed ahead. Do not change it.
    """

    row: Callable[[int], list[Any]]

    def __init__(
        self,
        key: int,
        purpose: int,
        n_per_entity: int = 8,
        block_entities: int = 256,
        scalar: ScalarTransform | None = None,
        array: ArrayTransform | None = None,
    ) -> None:
        if (scalar is None) != (array is None):
            raise ValueError("give the transform for one number and for arrays, or neither")
        self.key = key
        self.purpose = purpose
        self.n_per_entity = n_per_entity
        self.block_entities = block_entities
        self._scalar = scalar
        self._array = array
        self._rows = _Rows(self._fill)
        self.row = self._rows.__getitem__

    def get(self, entity: int, n: int) -> Any:
        """Return the value for an entity and a count, whichever way is at hand."""
        if n < self.n_per_entity:
            return self.row(entity)[n]
        return self.single(entity, n)

    def single(self, entity: int, n: int) -> Any:
        """Return the value for an entity and a count, computed on its own."""
        u = uniform(self.key, entity, self.purpose, n)
        return u if self._scalar is None else self._scalar(u)

    def block(self, number: int) -> list[list[Any]]:
        """Compute the rows of the entities from ``number * block_entities`` on."""
        entities = np.arange(number * self.block_entities, (number + 1) * self.block_entities)
        u = uniform_array(self.key, entities[:, np.newaxis], self.purpose, np.arange(self.n_per_entity))
        return self.rows(u)

    def rows(self, u: np.ndarray) -> list[list[Any]]:
        """Transform uniforms, a row per entity, into rows of values."""
        values = u if self._array is None else self._array(u)
        rows: list[list[Any]] = values.tolist()
        return rows

    def _fill(self, entity: int) -> None:
        """Compute the block in which an entity lies."""
        number = entity // self.block_entities
        first = number * self.block_entities
        self._rows.update(enumerate(self.block(number), first))


class BlockGroup:
    """Blocks of several purposes that an entity needs together and once: one computation, one look-up.

    Parameters
    ----------
    *blocks : UniformBlocks
        All with the same key, `block_entities` and `n_per_entity`.
    """

    def __init__(self, *blocks: UniformBlocks) -> None:
        if len({(block.key, block.block_entities, block.n_per_entity) for block in blocks}) != 1:
            raise ValueError("the blocks of a group must cover the same entities and counts under one key")
        self.blocks = blocks
        self._key = blocks[0].key
        self._entities = blocks[0].block_entities
        self._purposes = np.array([block.purpose for block in blocks])[:, np.newaxis, np.newaxis]
        self._counts = np.arange(blocks[0].n_per_entity)
        self._rows: dict[int, tuple[list[Any], ...]] = {}

    def take(self, entity: int) -> tuple[list[Any], ...]:
        """Return the entity's row of each purpose and forget them; who asks keeps them."""
        try:
            return self._rows.pop(entity)
        except KeyError:
            first = entity - entity % self._entities
            entities = np.arange(first, first + self._entities)[:, np.newaxis]
            uniforms = uniform_array(self._key, entities, self._purposes, self._counts)
            rows = zip(*(block.rows(u) for block, u in zip(self.blocks, uniforms, strict=True)), strict=True)
            self._rows.update(enumerate(rows, first))
            return self._rows.pop(entity)


class _Rows(dict[int, list[Any]]):
    """A dict that fills itself, a block at a time."""

    def __init__(self, fill: Callable[[int], None]) -> None:
        super().__init__()
        self._fill = fill

    def __missing__(self, entity: int) -> list[Any]:
        self._fill(entity)
        return self[entity]
