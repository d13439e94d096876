"""What accuracy costs: the metric of each arm against the operations of a prediction."""

from fusion.report.marks import WIDTH, dot, line, scale, svg, text, ticks
from fusion.study.claims import ArmResult, Comparison
from fusion.wording import operations

HEIGHT = 340


def front(found: Comparison) -> list[ArmResult]:
    """Returns the arms that no other arm beats in mean at no more operations, the cheapest first.

    >>> sizes = dict(seeds=1, values={}, params=1, trainable=1, seconds=1.0)
    >>> arms = tuple(
    ...     ArmResult(arm=arm, mean=mean, flops=flops, **sizes)
    ...     for arm, mean, flops in [("a", 0.9, 10), ("b", 0.8, 20), ("c", 0.95, 30)]
    ... )
    >>> given = dict(study="s", metric="accuracy", better="higher", reference="a", alpha=0.05, gates=())
    >>> [each.arm for each in front(Comparison(arms=arms, **given))]
    ['a', 'c']
    """
    sign = 1 if found.better == "higher" else -1
    kept: list[ArmResult] = []
    for each in sorted(found.arms, key=lambda arm: (arm.flops, -sign * arm.mean)):
        if not kept or sign * each.mean > sign * kept[-1].mean:
            kept.append(each)
    return kept


def pareto(found: Comparison) -> str:
    """Returns the plot, with a line through the arms that none beats at no more operations; '' for one arm."""
    if len(found.arms) < 2:
        return ""
    x = scale([0.0, *(each.flops for each in found.arms)], 70, WIDTH - 30)
    y = scale([each.mean for each in found.arms], HEIGHT - 50, 16)
    body = []
    for tick in ticks(y):
        body += [line([(70, y(tick)), (WIDTH - 30, y(tick))], "edge", width=1)]
        body += [text((62, y(tick) + 4), f"{tick:g}", anchor="end", kind="mute")]
    for tick in ticks(x):
        if tick >= 0:
            body += [text((x(tick), HEIGHT - 32), operations(tick), anchor="middle", kind="mute")]
    best = front(found)
    body += [line([(x(each.flops), y(each.mean)) for each in best], "frozen")] if len(best) > 1 else []
    names = {each.arm for each in best}
    for each in found.arms:
        at, told = (x(each.flops), y(each.mean)), each.arm in names
        body += [
            dot(at, "frozen" if told else "mute", f"{each.arm}: {each.mean:.4f}, {operations(each.flops)}")
        ]
        if told:
            right = at[0] > WIDTH / 2
            # The line rises to the right: above it on its left and below it on its right there is room.
            beside = (at[0] - 9, at[1] - 8) if right else (at[0] + 9, at[1] + 16)
            body += [text(beside, each.arm, anchor="end" if right else "start", longest=36)]
    body += [
        text((WIDTH / 2, HEIGHT - 8), f"{found.metric} against operations of a prediction", anchor="middle")
    ]
    return svg(HEIGHT, f"{found.metric} against operations", body)
