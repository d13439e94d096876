"""Reports as one page of HTML that needs nothing else, and as Markdown beside its pictures."""

from collections.abc import Sequence
from html import escape

from fusion.report.contents import Section
from fusion.report.marks import STYLES
from fusion.report.rows import to_html, to_markdown
from fusion.wording import cleaned

_STYLES = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:1080px;padding:28px 24px 64px;background:var(--page);color:var(--ink);
font:15px/1.5 Helvetica,Arial,'Liberation Sans',sans-serif}
h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:36px 0 8px;break-after:avoid}
.verdict{font-size:18px;border-left:4px solid var(--frozen);padding:8px 14px;margin:14px 0;background:var(--panel)}
.verdict.refused{border-color:var(--trainable)}
p{margin:6px 0}h2~p{break-after:avoid}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin:8px 0}
th,td{text-align:right;padding:4px 7px;border-bottom:1px solid var(--edge);white-space:nowrap;vertical-align:top}
th{color:var(--mute);font-weight:600}
th:first-child,td:first-child{text-align:left}td:first-child{white-space:normal;overflow-wrap:anywhere;min-width:180px}
.text th,.text td{text-align:left}.text td:first-child{min-width:0}.text td:last-child{white-space:normal;overflow-wrap:anywhere}
tr.marked td{font-weight:700}
figure{margin:10px 0;break-inside:avoid}
figure>svg{max-width:100%;height:auto}
tr{break-inside:avoid}
@media print{figure>svg{max-height:225mm}body{max-width:none;padding:0;font-size:11px}.wide{overflow:visible}
table{font-size:9px}th,td{padding:2px 4px}td:first-child{min-width:60px}@page{margin:14mm}}
"""
WORDS = frozenset({"What may be claimed", "Provenance"})
"""Parts whose tables hold sentences rather than numbers."""


def page(title: str, sections: Sequence[Section], *, refused: bool, reference: str) -> str:
    """Returns the report as HTML: no script, nothing loaded, light or dark as the reader's screen is, light on paper.

    >>> text = page("A <study>", [Section("Verdict", ("Nothing.",))], refused=True, reference="base")
    >>> "<h1>A &lt;study&gt;</h1>" in text, "<script" in text
    (True, False)
    """
    body = "".join(_part(each, refused=refused, reference=reference) for each in sections)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    said = escape(cleaned(title))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{said}</title>\n<style>{STYLES}{_STYLES}</style>\n</head>\n<body>\n<h1>{said}</h1>\n{body}</body>\n</html>\n"
    )


def markdown(title: str, sections: Sequence[Section]) -> str:
    """Returns the report as Markdown; its charts are files beside it.

    >>> print(markdown("s", [Section("Verdict", ("Nothing.",), charts=(("forest", "<svg/>"),))]))
    # s
    <BLANKLINE>
    ## Verdict
    <BLANKLINE>
    Nothing.
    <BLANKLINE>
    ![Verdict](forest.svg)
    <BLANKLINE>
    """
    blocks = [f"# {cleaned(title)}"]
    for each in sections:
        blocks += [f"## {each.title}", *map(_plain, each.lines)]
        blocks += [to_markdown(each.table)] if each.table else []
        blocks += [f"![{each.title}]({name}.svg)" for name, _ in each.charts]
    return "\n\n".join(blocks) + "\n"


def _part(section: Section, *, refused: bool, reference: str) -> str:
    lines = [escape(cleaned(line)) for line in section.lines]
    if section.title == "Verdict":
        kind = "verdict refused" if refused else "verdict"
        return f'<p class="{kind}">{lines[0]}</p>\n' + "".join(f"<p>{line}</p>\n" for line in lines[1:])
    kind = "wide text" if section.title in WORDS else "wide"
    table = (
        f'<div class="{kind}">{to_html(section.table, marked=[reference])}</div>\n' if section.table else ""
    )
    charts = "".join(f"<figure>{_inline(chart)}</figure>\n" for _, chart in section.charts)
    said = "".join(f"<p>{line}</p>\n" for line in lines)
    return f"<section><h2>{escape(section.title)}</h2>\n{said}{charts}{table}</section>\n"


def _inline(chart: str) -> str:
    return chart[chart.index("<svg") :]


def _plain(line: str) -> str:
    return cleaned(line).replace("<", "&lt;")
