"""Random numbers, one stream for each source of noise.

An extra question to one source of noise must not change what another one does: polling the cryostat twice as often
changes no reading of the meter. So nothing shares a stream.
"""

from __future__ import annotations

import zlib

import numpy as np


class Streams:
    """The random streams of one lab.

    Args:
        seed: Seed of everything that fluctuates in time.
        sample_seed: Seed of the sample's frozen disorder.
    """

    def __init__(self, seed: int, sample_seed: int) -> None:
        self.seed = seed
        self.sample_seed = sample_seed
        self._handed_out: set[str] = set()

    def noise(self, source: str) -> np.random.Generator:
        """Return the stream of one source of noise; each is handed out once.

        Raises:
            ValueError: The stream has an owner already.
        """
        return self._stream(self.seed, source)

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
