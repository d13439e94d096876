"""The command line, in this process."""

import pytest
from typer.testing import CliRunner

from fusion.cli import app as commands


@pytest.fixture
def run():
    def call(*arguments):
        """Returns exit status, standard output and standard error of `fusion` with these arguments."""
        done = CliRunner().invoke(commands.app, [str(each) for each in arguments])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return call
