"""The commands and how they end: 0 for done, 1 for problems with what was given, 2 for a wrong call, 3 for a claim refused."""

import os
import sys
from typing import Annotated

import typer

from fusion.cli.caching import cache
from fusion.cli.describing import check, cost, layers, schema
from fusion.cli.extracting import features
from fusion.cli.knowing import diff, lock, self_test
from fusion.cli.making import build, draw, unfreeze
from fusion.cli.pairing import pairs
from fusion.cli.planning import plan
from fusion.cli.running import evaluate, predict, train
from fusion.cli.scoring import score
from fusion.cli.showing import quickstart, show
from fusion.cli.studying import study
from fusion.errors import FusionError

app = typer.Typer(
    help="Fuse pretrained Keras backbones, cut at any layer, and transfer only the parts you name.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    quickstart,
    check,
    layers,
    cost,
    plan,
    draw,
    diff,
    lock,
    build,
    self_test,
    unfreeze,
    pairs,
    show,
    train,
    evaluate,
    predict,
    features,
    schema,
):
    app.command()(command)
study.command()(score)
app.add_typer(study, name="study")
app.add_typer(cache, name="cache")


@app.callback(invoke_without_command=True)
def _options(
    shown: Annotated[bool, typer.Option("--version", help="Say which version this is.")] = False,
) -> None:
    if shown:
        from importlib.metadata import version

        typer.echo(f"fusion {version('fusion')}, Keras {version('keras')}")
        raise typer.Exit


def main() -> None:
    """Runs the command line."""
    # TensorFlow's start-up notes say nothing to who uses this command; its errors still show.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        app()
    except FusionError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        sys.exit(130)
