"""The code in the documentation, to be run where what it imports is installed."""

from __future__ import annotations

import re
from pathlib import Path

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
_BLOCK = re.compile(r"^```python.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def run(name: str) -> dict[str, object]:
    """Run the Python in a how-to from top to bottom; the names it leaves behind. A block may use those before it."""
    page = HOWTO / name
    blocks = _BLOCK.findall(page.read_text(encoding="utf-8"))
    assert blocks, f"{name} has no code"
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(page), "exec"), names)
    return names
