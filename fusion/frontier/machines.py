"""Which machine this is: what it computes may differ from another's in the last bits, and how fast it is does."""

import hashlib
import json
import os
import platform
from dataclasses import asdict
from pathlib import Path

from fusion.cache import cache_folder, read_checked, write_checked
from fusion.frontier.rates import Rates

FORMAT = 1
"""Number of the way rates are measured; others are measured anew."""


def machine() -> str:
    """Returns what tells kinds of machines apart: processor, number of cores, whether an accelerator may be used.

    >>> len(machine().split(", "))
    4
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all")
    accelerated = Path("/dev/nvidia0").exists() and visible not in ("", "-1")
    return ", ".join(
        (
            platform.machine(),
            _model(),
            f"{os.cpu_count()} cores",
            f"GPU {visible}" if accelerated else "no GPU",
        )
    )


def _model() -> str:
    """Returns what the processor calls itself, as Linux and others tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor()).replace(",", "")


def known_rates() -> Rates | None:
    """Returns what was measured on this machine (`fusion.features.measuring`); `None` if nothing was.

    >>> known_rates() is None or known_rates().read > 0
    True
    """
    text = read_checked(_place())
    return None if text is None else Rates(**json.loads(text))


def keep_rates(rates: Rates) -> None:
    """Keeps what was measured on this machine.

    Raises:
        FileError: If it cannot be written.
    """
    write_checked(_place(), json.dumps(asdict(rates)))


def _place() -> Path:
    kind = hashlib.sha256(machine().encode()).hexdigest()[:12]
    return cache_folder() / f"rates-{FORMAT}-{kind}.json"
