"""Random numbers, one stream for each source of noise.

An extra question to one source of noise must not change what another one does: polling the cryostat twice as often
changes no reading of the meter. So nothing shares a stream.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

_BLOCK = 1024


class Still(np.random.Generator):
    """A source of noise that is silent: every number it gives is the middle of what it could be.

    Only what noise is made of is stilled: normal, exponential (their scale) and uniform numbers.
    """

    def standard_normal(self, size: Any = None, *_: Any, **__: Any) -> Any:
        """Return zeros."""
        return 0.0 if size is None else np.zeros(size)

    def standard_exponential(self, size: Any = None, *_: Any, **__: Any) -> Any:
        """Return ones."""
        return 1.0 if size is None else np.ones(size)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Return the middle between the ends."""
        return (low + high) / 2 if size is None else np.full(size, (low + high) / 2)


class Gaussian:
    """Standard normal numbers, drawn in blocks because a single draw costs twenty times as much."""

    __slots__ = ("_generator", "_left")

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self._left: list[float] = []

    def __call__(self) -> float:
        """Return the next number."""
        if not self._left:
            self._left = self._generator.standard_normal(_BLOCK).tolist()
        return self._left.pop()


class TimedGaussian:
    """Standard normal numbers that belong to stretches of time instead of to the order of questions.

    Args:
        generator: Gives the seed; not used afterwards. A silent one gives zeros for ever.
        interval: Length in s of a stretch.
    """

    def __init__(self, generator: np.random.Generator, interval: float) -> None:
        self._seed = int(generator.integers(2**63))
        self._still = isinstance(generator, Still)
        self._interval = interval
        self._block = -1
        self._numbers: list[float] = []

    def at(self, time: float) -> float:
        """Return the number of the stretch that a lab time in s, zero or later, lies in."""
        block, index = divmod(int(time / self._interval), _BLOCK)
        if block != self._block:
            self._block = block
            numbers = Still(np.random.PCG64(0)) if self._still else np.random.default_rng([self._seed, block])
            self._numbers = numbers.standard_normal(_BLOCK).tolist()
        return self._numbers[index]


class Streams:
    """The random streams of one lab.

    Args:
        seed: Seed of everything that fluctuates in time.
        sample_seed: Seed of the sample's frozen disorder.
        quiet: Whether nothing fluctuates: what is measured then depends on what was done, and on nothing else.
    """

    def __init__(self, seed: int, sample_seed: int, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.seed = seed
        self.sample_seed = sample_seed
        self._handed_out: set[str] = set()

    def noise(self, source: str) -> np.random.Generator:
        """Return the stream of one source of noise; each is handed out once.

        Raises:
            ValueError: The stream has an owner already.
        """
        stream = self._stream(self.seed, source)
        return Still(stream.bit_generator) if self.quiet else stream

    def disorder(self, source: str) -> np.random.Generator:
        """Return a stream for something frozen into the sample.

        Raises:
            ValueError: The stream has an owner already.
        """
        return self._stream(self.sample_seed, f"sample: {source}")

    def _stream(self, seed: int, name: str) -> np.random.Generator:
        if name in self._handed_out:
            raise ValueError(f"the random stream {name!r} is in use already; every source of noise has its own")
        self._handed_out.add(name)
        return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))
