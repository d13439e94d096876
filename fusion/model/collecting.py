"""What a build leaves over, let go of at its end."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def leftovers_collected() -> Iterator[None]:
    """Lets go on leaving of what was made inside and is in use no more, without a look at what was there before.

    What cuts leave over refers to itself in circles, and stays until Python happens to look. To look through all that
    TensorFlow and Keras loaded would take longer than a backbone; `gc.freeze` sets it aside. Where the program around
    has set objects aside itself, nothing is, and all are looked through.

    >>> import weakref
    >>> class Ring:
    ...     pass
    >>> with leftovers_collected():
    ...     ring = Ring()
    ...     ring.next, seen = ring, weakref.ref(ring)
    ...     del ring
    >>> seen() is None
    True
    """
    aside = gc.get_freeze_count() == 0
    if aside:
        gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        if aside:
            gc.unfreeze()
