"""Loading Keras without TensorFlow's notes on processors and drivers, which tell who trains nothing."""

import logging
import os
import sys
import tempfile


def load_keras() -> None:
    """Imports Keras and lets TensorFlow look for its devices; what both write is shown only if that fails.

    The notes are written by C++ before any log level is read, so that only the file descriptor can be turned away.
    """
    if "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        done = False
        try:
            import keras
            import tensorflow as tf

            keras.backend.backend()
            tf.config.list_physical_devices()
            done = True
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            if not done:
                notes.seek(0)
                sys.stderr.write(notes.read().decode(errors="replace"))
    # It warns of each new model it compiles after the fifth, which is what training by phases does.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
