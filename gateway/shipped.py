"""Where the shipped `templates/` and `config/` lie: inside the wheel, or beside the package in a checkout.

Editable installs ignore the wheel's forced inclusion, hence the second half. A practice's own folder
always comes before the shipped one; that is for the callers to see to.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def folder(name: str) -> Path:
    """The shipped folder of this name, `config` or `templates`."""
    packed = _HERE / "_shipped" / name
    return packed if packed.is_dir() else _HERE.parent / name
