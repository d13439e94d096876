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
DEVICES, CARDS = Path("/dev"), Path("/proc/driver/nvidia/gpus")
"""Where GPUs are, and a folder for each in which their driver describes it."""


def machine() -> str:
    """Returns what tells kinds of machines apart: processor, number of cores, kind of GPU that may be used.

    Which GPU it is does not count where all are of one kind, so that processes with one each share what they store.

    >>> len(machine().split(", "))
    4
    """
    return ", ".join((platform.machine(), _model(), f"{os.cpu_count()} cores", _accelerator()))


def _accelerator() -> str:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all")
    if visible in ("", "-1") or not any(DEVICES.glob("nvidia[0-9]*")):
        return "no GPU"
    told = [path.read_text(encoding="utf-8") for path in CARDS.glob("*/information")]
    kinds = sorted({_named(text, "Model") for text in told} - {""})
    return " ".join(("GPU", " or ".join(kinds), visible if len(kinds) > 1 else "")).rstrip()


def _model() -> str:
    """Returns what the processor calls itself, as Linux and others tell."""
    try:
        return _named(Path("/proc/cpuinfo").read_text(encoding="utf-8"), "model name") or platform.processor()
    except OSError:
        return platform.processor()


def _named(text: str, name: str) -> str:
    """Returns what the first line of a name says in a table of `name: value`; `""` where there is none."""
    lines = (line.partition(":")[2].strip() for line in text.splitlines() if line.startswith(name))
    return next(lines, "").replace(",", "")


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
