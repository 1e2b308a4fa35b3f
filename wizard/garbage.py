"""Python's collector of garbage, put off while much is loaded.

What modules are made of is no garbage, and to look for some among it takes a tenth of the time until a screen is
drawn. Once it is loaded it is never looked at again, so that no key waits for that later.
"""

from __future__ import annotations

import gc


def put_off() -> None:
    """Collect nothing from now on."""
    gc.disable()


def resume() -> None:
    """Collect again, if that was put off; what is there by now stays."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
