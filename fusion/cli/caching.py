"""Commands on the store of frozen tensors: cache ls, clear, verify."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fusion.cli.describing import AsJson
from fusion.wording import counted, dimensions, memory

if TYPE_CHECKING:
    from fusion.store.shelf import Holding

cache = typer.Typer(
    help="Look at the stored tensors of frozen layers, remove them, examine them.", no_args_is_help=True
)

Keys = Annotated[list[str] | None, typer.Argument(metavar="KEY", help="Keys, or how they begin.")]
Store = Annotated[
    Path | None,
    typer.Option(
        "--store",
        exists=True,
        file_okay=False,
        help="Folder that `fusion train --store` was given; else in the user's cache.",
    ),
]

DAY = 86400
SHORT = 8
"""Digits of a key that are shown; they tell all tensors of any store apart."""


@cache.command("ls")
def list_(store: Store = None, as_json: AsJson = False) -> None:
    """List what is stored, the last used first, and how much room it takes."""
    from fusion.store.room import bound
    from fusion.store.shelf import holdings, store_folder

    folder = store or store_folder()
    found = holdings(folder)[::-1]
    total = sum(each.bytes for each in found)
    if as_json:
        rows = [_row(each) for each in found]
        typer.echo(
            json.dumps({"folder": str(folder), "bytes": total, "bound": bound(), "tensors": rows}, indent=1)
        )
        return
    if found:
        _print(found)
    typer.echo(f"{counted(len(found), 'tensor')}, {memory(total)} of {memory(bound())} in {folder}")


@cache.command()
def clear(
    keys: Keys = None,
    older_than: Annotated[
        float | None,
        typer.Option(
            "--older-than", min=0, metavar="DAYS", help="Remove what was not used for so many days."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Remove all.")] = False,
    store: Store = None,
) -> None:
    """Remove stored tensors; those that are being read or written stay. They are computed again when they are needed."""
    from fusion.store.room import remove, sweep
    from fusion.store.shelf import holdings, store_folder

    if sum((bool(keys), older_than is not None, everything)) != 1:
        raise typer.BadParameter(
            "say which: keys as `fusion cache ls` shows them, or --older-than DAYS, or --all"
        )
    folder = store or store_folder()
    found = holdings(folder)
    if keys:
        found = tuple(_of(key, found) for key in dict.fromkeys(keys))
    elif older_than is not None:
        found = tuple(each for each in found if each.used < time.time() - older_than * DAY)
    gone = []
    for each in found:
        if remove(each):
            gone.append(each)
            typer.echo(f"removed {_what(each)}, {memory(each.bytes)}")
        else:
            typer.echo(f"kept {_what(each)}: it is being read or written")
    sweep(folder)
    typer.echo(
        f"{counted(len(gone), 'tensor')} removed, {memory(sum(each.bytes for each in gone))} free again"
    )


@cache.command()
def verify(keys: Keys = None, store: Store = None) -> None:
    """Read all that is stored and compare it with its checksums; ends with 1 if anything is damaged."""
    from rich.console import Console
    from rich.progress import track

    from fusion.store.shelf import holdings, store_folder

    found = holdings(store or store_folder())
    if keys:
        found = tuple(_of(key, found) for key in dict.fromkeys(keys))
    examined = [each for each in found if each.state != "unfinished"]
    console = Console(stderr=True)
    damaged = {
        each.key: said
        for each in track(examined, "reading", console=console, transient=True)
        if (said := _damage(each))
    }
    for each in examined:
        if each.key in damaged:
            typer.echo(f"DAMAGED {_what(each)}: {damaged[each.key]}")
    unfinished = len(found) - len(examined)
    also = f"; {unfinished} unfinished, examined when continued" if unfinished else ""
    typer.echo(
        f"{counted(len(examined), 'tensor')}, {memory(sum(each.bytes for each in examined))} read, {len(damaged)} damaged{also}"
    )
    if damaged:
        typer.echo(
            "What is damaged is never read, and computed again when it is needed. Remove it: fusion cache clear KEY"
        )
        raise typer.Exit(1)


def age(seconds: float) -> str:
    """Returns how long ago something was, in words.

    >>> age(5), age(600), age(7200), age(200000)
    ('now', '10 min', '2 h', '2 days')
    """
    for size, unit in ((DAY, "day"), (3600, "h"), (60, "min")):
        if seconds >= size:
            number = int(seconds // size)
            return counted(number, unit) if unit == "day" else f"{number} {unit}"
    return "now"


def _print(found: "Sequence[Holding]") -> None:
    from rich.markup import escape

    from fusion.cli.tables import show, table
    from fusion.store.locks import is_held

    rows = table("key", "tensor", "backbone", "data", "rows", "of", "takes", "made", "used", "")
    for column in rows.columns[1:4]:
        column.justify = "left"
    now = time.time()
    for each in found:
        manifest = each.manifest
        cells = [each.key[:SHORT], *(_named(each, name) for name in ("tensor", "backbone", "data"))]
        if manifest is None:
            cells += ["", "", memory(each.bytes), "", age(now - each.used), "unreadable"]
        else:
            part = "" if each.state == "stored" else f"{each.done} of "
            busy = "being written" if is_held(each.path.parent, each.key) else each.state
            cells += [
                f"{part}{manifest.rows}",
                f"{dimensions(manifest.shape)} {manifest.dtype}".strip(),
                memory(each.bytes),
                age(now - manifest.created),
                age(now - each.used),
                "" if each.state == "stored" else busy,
            ]
        rows.add_row(*map(escape, cells))
    show(rows)


def _row(holding: "Holding") -> dict[str, object]:
    manifest = holding.manifest
    row = {"key": holding.key, "state": holding.state, "bytes": holding.bytes, "used": holding.used}
    if manifest is None:
        return row
    return row | {
        "parts": manifest.parts,
        "rows": manifest.rows,
        "done": holding.done,
        "shape": manifest.shape,
        "dtype": manifest.dtype,
        "created": manifest.created,
    }


def _of(key: str, found: "Sequence[Holding]") -> "Holding":
    matching = [each for each in found if each.key.startswith(key)]
    if len(matching) != 1:
        raise typer.BadParameter(
            f"{counted(len(matching), 'stored tensor')} have a key that begins with {key!r}; `fusion cache ls` shows all"
        )
    return matching[0]


def _damage(holding: "Holding") -> str:
    from fusion.store.entries import entry_at, verify

    entry = entry_at(holding.path)
    if entry is None:
        return "its manifest is not readable" if holding.path.exists() else ""
    return verify(entry)


def _what(holding: "Holding") -> str:
    return " ".join(filter(None, (holding.key[:SHORT], _named(holding, "tensor"))))


def _named(holding: "Holding", part: str) -> str:
    """Returns what a part of a key is called: a text, or the name in a table."""
    value = holding.manifest.parts.get(part, "") if holding.manifest else ""
    return str(value.get("name", "")) if isinstance(value, Mapping) else str(value)
