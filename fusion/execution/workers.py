"""Processes that run trials for another: Keras is loaded in them, and they end when that one does."""

import os
import time
from threading import Thread

PAUSE = 1.0
"""Seconds after which a worker looks again whether it is still asked for."""


def begin_worker(master: int) -> None:
    """Loads Keras in a process that is to run trials, and lets it end with the one it works for, however that ends.

    Who is killed tells its workers nothing, and they would go on with their trials, and then wait for others for minutes.

    Args:
        master: Number of the process it works for; where that is this one, or not its parent, nothing is looked after.
    """
    from fusion.backbones.quiet import load_keras

    if os.getppid() == master:
        Thread(target=_end_with, args=(master,), daemon=True).start()
    load_keras()


def _end_with(parent: int) -> None:
    # An orphan is given another parent. Records and stored tensors are there whole or not at all, so it may end anywhere.
    while os.getppid() == parent:
        time.sleep(PAUSE)
    os._exit(1)
