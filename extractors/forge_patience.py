"""How long a client of a forge waits, and by which clock."""

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Time, and the passing of it."""

    def now(self) -> float:
        """Seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Patience:
    """How long a client waits, in seconds, and how often it asks again."""

    attempts: int = 5
    first_wait: float = 1.0
    longest_wait: float = 60.0
    jitter: float = 1.0
    timeout: float = 60.0  # without a byte
    longest_answer: float = 600.0  # from its first byte to its last
    longest_limit: float = 2 * 3600.0
