"""One Ray cluster on this machine at a time: Ray's `auto` finds whatever runs, also what another worker's test began."""

import fcntl

import pytest


@pytest.fixture
def one_cluster(tmp_path_factory):
    with (tmp_path_factory.getbasetemp().parent / "cluster.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
