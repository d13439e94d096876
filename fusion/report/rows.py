"""The tables of a report as plain cells, and their Markdown, CSV and HTML."""

import csv
import io
from collections.abc import Sequence
from html import escape

from fusion.study.claims import Comparison
from fusion.study.verdicts import interval, said_of
from fusion.wording import amount, cleaned, table_cell, work

Table = tuple[tuple[str, ...], ...]
"""Rows of cells, the first of them the heads."""


def arms_table(found: Comparison) -> Table:
    """Returns what each arm came to and how it differs from the reference.

    >>> given = dict(study="s", metric="loss", better="lower", reference="a", alpha=0.05, gates=(), arms=())
    >>> arms_table(Comparison(**given))[0][:2]
    ('arm', 'loss')
    """
    rows = {each.arm: each for each in found.differences}
    best = found.best.arms if found.best and not found.refused else ()
    head = (
        "arm",
        found.metric,
        "claim",
        "difference",
        "95 % interval",
        "p (Holm)",
        "seeds",
        "params",
        "trained",
        "compute",
        "seconds",
    )
    cells: list[tuple[str, ...]] = [head]
    for arm in found.arms:
        row = rows.get(arm.arm)
        measured = (f"{row.mean:+.4f}", interval(found, row), f"{row.p_holm:.3g}") if row else ("", "", "")
        sizes = (amount(arm.params), amount(arm.trainable), work(arm.flops), f"{arm.seconds:.1f}")
        said = said_of(found, arm) + (", may be the best" if arm.arm in best else "")
        cells.append((arm.arm, f"{arm.mean:.4f}", said, *measured, str(arm.seeds), *sizes))
    return tuple(cells)


def numbers_table(found: Comparison) -> Table:
    """Returns the same with all digits and a column for each number, for programs to read.

    >>> given = dict(study="s", metric="loss", better="lower", reference="a", alpha=0.05, gates=(), arms=())
    >>> numbers_table(Comparison(**given))[0][:3]
    ('arm', 'loss', 'claim')
    """
    rows = {each.arm: each for each in found.differences}
    measured = ("mean", "low", "high", "p", "p_holm")
    sizes = ("seeds", "params", "trainable", "flops", "seconds")
    cells: list[tuple[str, ...]] = [("arm", found.metric, "claim", "difference", *measured[1:], *sizes)]
    for arm in found.arms:
        row = rows.get(arm.arm)
        numbers = ("" if row is None else str(getattr(row, name)) for name in measured)
        cells.append(
            (
                arm.arm,
                str(arm.mean),
                said_of(found, arm),
                *numbers,
                *("" if (size := getattr(arm, name)) is None else str(size) for name in sizes),
            )
        )
    return tuple(cells)


def gates_table(found: Comparison) -> Table:
    """Returns each condition of a claim, and whether it holds, as far as that is known."""
    return (
        ("gate", "", "found"),
        *((gate.name, gate.word, gate.text) for gate in found.gates),
    )


def samples_table(found: Comparison) -> Table:
    """Returns the differences that other test examples could have given; only heads where that is not known."""
    rows = (
        (
            each.arm,
            f"{each.mean:+.4f}",
            f"{each.low:+.4f} to {each.high:+.4f}",
            f"{each.disagreement:.1%}",
            str(each.examples),
        )
        for each in found.samples
    )
    return (("arm", "difference", "95 % interval", "disagreement", "examples"), *rows)


def to_markdown(table: Table) -> str:
    r"""Returns a table in Markdown.

    >>> print(to_markdown((("a", "b"), ("1|2", "3"))))
    | a | b |
    | --- | --- |
    | 1\|2 | 3 |
    """
    lines = [f"| {' | '.join(map(_bare, row))} |" for row in table]
    return "\n".join([lines[0], f"|{' --- |' * len(table[0])}", *lines[1:]])


def to_csv(table: Table) -> str:
    r"""Returns a table as CSV; a cell that a spreadsheet would run is marked as text.

    >>> to_csv((("a", "b"), ("=1", "-2.5")))
    "a,b\n'=1,-2.5\n"
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([[table_cell(cell) for cell in row] for row in table])
    return text.getvalue()


def to_html(table: Table, *, marked: Sequence[str] = ()) -> str:
    """Returns a table in HTML; rows with a cell in `marked` stand out.

    >>> to_html((("a",), ("<b>",)))
    '<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'
    """
    heads = "".join(f"<th>{escape(cell)}</th>" for cell in table[0])
    rows = "".join(
        f"<tr{' class=marked' if set(row) & set(marked) else ''}>"
        + "".join(f"<td>{escape(cleaned(cell))}</td>" for cell in row)
        + "</tr>"
        for row in table[1:]
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _bare(cell: str) -> str:
    return cleaned(cell).replace("|", "\\|").replace("<", "&lt;")
