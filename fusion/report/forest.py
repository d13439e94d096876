"""Forest plots: each arm's paired difference to the reference with its interval."""

from fusion.report.marks import WIDTH, dot, line, scale, svg, text, ticks
from fusion.study.claims import Comparison
from fusion.study.verdicts import claim

ROW, NAMES = 26, 300


def forest(found: Comparison) -> str:
    """Returns the plot, the largest difference on top; points are hollow where nothing is claimed of them.

    >>> forest(
    ...     Comparison(study="s", metric="loss", better="lower", reference="a", alpha=0.05, gates=(), arms=())
    ... )
    ''
    """
    rows = sorted(found.differences, key=lambda each: -each.mean)
    if not rows:
        return ""
    bottom = 24 + ROW * len(rows)
    across = scale(
        [0.0, *(each.low for each in rows), *(each.high for each in rows)], NAMES + 10, WIDTH - 130
    )
    body = [line([(across(0), 12), (across(0), bottom)], "mute", dashes="4 3")]
    for tick in ticks(across):
        body += [line([(across(tick), bottom), (across(tick), bottom + 5)], "mute", width=1)]
        body += [
            text((across(tick), bottom + 18), f"{tick:+g}" if tick else "0", anchor="middle", kind="mute")
        ]
    for number, each in enumerate(rows):
        y = 26 + ROW * number
        said = claim(found, each)
        told = said in {"better", "worse"}
        colour = "frozen" if told else "mute"
        tip = f"{each.arm}: {each.mean:+.4f}, {each.low:+.4f} to {each.high:+.4f}, Holm's p {each.p_holm:.3g}; {said}"
        body += [
            text((NAMES, y + 4), each.arm, anchor="end"),
            line([(across(each.low), y), (across(each.high), y)], colour, width=2.5),
            dot((across(each.mean), y), colour, tip, filled=told),
            text((WIDTH - 118, y + 4), said, kind="" if told else "mute"),
        ]
    below = f"{found.metric}: arm minus {found.reference}, mean and 95 % interval"
    body += [text((across((across.low + across.high) / 2), bottom + 40), below, anchor="middle", longest=100)]
    return svg(bottom + 52, f"Paired differences in {found.metric} to {found.reference}", body)
