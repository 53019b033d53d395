"""What is wrong with the settings, for the person who has to mend it: file, line, column, key, what, mend.

    SettingsError            all faults of one config folder at once
    └── Fault …              one place in one file

A fault holds no secret and no value of a key that may be one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong. Line and column count from 1; 0 means the file as a whole."""

    file: str
    line: int
    column: int
    #: The path of keys, `mailboxes.ana.policy`; empty for the file as a whole.
    key: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        """As compilers print it, so that editors jump to the place."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        words = f"{self.what}; {self.mend}" if self.mend else self.what
        return ": ".join(part for part in (place, self.key, words) if part)


class SettingsError(Exception):
    """The config folder can't be used as it is. `faults` holds everything that was found, in reading order."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(map(str, self.faults)))
