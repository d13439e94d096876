"""Pages of HTML as a reader uses them: real clicks and keys in Chromium, which is skipped where there is none."""

import base64
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from fusion.checking import draw
from fusion.drawing.palette import DARK, LIGHT
from fusion.figures.figure import save
from fusion.graph.nodes import FusionGraph

pytestmark = pytest.mark.slow

SHOWN = "[...document.querySelectorAll('.level')].filter(l => l.offsetParent !== null).map(l => l.id)"


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


@pytest.fixture(scope="module")
def page(topologies: dict[str, FusionGraph], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "two.html"
    save(draw(topologies["two"], phase=1), path)
    return path


def test_a_click_on_a_tab_shows_its_level_alone(browser: Any, page: Path) -> None:
    browser.open(page)

    assert browser.run(SHOWN) == ["level-branch"]
    browser.click("label[for=tab-stage]")
    assert browser.run(SHOWN) == ["level-stage"]
    browser.click("label[for=tab-layer]")
    assert browser.run(SHOWN) == ["level-layer"]
    browser.click("label[for=tab-words]")
    assert browser.run(SHOWN) == ["level-words"]
    assert browser.run("document.querySelector('#level-words').innerText").startswith("a recipe")
    assert browser.complaints() == []


def test_a_click_on_a_block_opens_it_and_another_closes_it(browser: Any, page: Path) -> None:
    browser.open(page)
    browser.click("label[for=tab-layer]")
    inside = "document.querySelector('details').querySelectorAll('.opened g[data-name*=\" op \"]')"
    seen = f"[...{inside}].filter(g => g.getBoundingClientRect().height > 0).length"

    assert browser.run("document.querySelector('details').open") is False
    assert browser.run(seen) == 0
    browser.click("summary")
    assert browser.run("document.querySelector('details').open") is True
    # The input, and three convolutions with their normalisation, and a pool.
    assert browser.run(seen) == 5
    browser.click("summary")
    assert browser.run(seen) == 0


def test_the_search_finds_layers_by_name_opens_them_and_fades_the_rest(browser: Any, page: Path) -> None:
    browser.open(page)

    assert browser.run("document.querySelector('.finding').hidden") is False
    browser.press("/")
    assert browser.run("document.activeElement.id") == "find"
    browser.write("block2_conv3")
    assert browser.run("document.getElementById('said').textContent") == "0 here, 2 at other levels"
    browser.press("Enter")
    assert browser.run(SHOWN) == ["level-layer"]
    current = "document.querySelector('.current')"
    assert browser.run(f"{current}.closest('details').open") is True
    assert "block2_conv3" in browser.run(f"{current}.querySelector('title').textContent")
    box = browser.run(f"(r => [r.top, r.bottom, r.height, innerHeight])({current}.getBoundingClientRect())")
    assert box[2] > 0
    assert box[0] >= 0
    assert box[1] <= box[3]
    faded = "[...document.querySelectorAll('.missed')].map(d => getComputedStyle(d).opacity)"
    assert set(browser.run(faded)) == {"0.3"}
    first = browser.run(f"{current}.closest('.card').getAttribute('aria-label')")
    browser.press("Enter")
    assert browser.run(f"{current}.closest('.card').getAttribute('aria-label')") != first
    browser.press("Enter", shift=True)
    assert browser.run(f"{current}.closest('.card').getAttribute('aria-label')") == first
    browser.press("Escape")
    assert browser.run("document.querySelectorAll('.hit, .missed').length") == 0
    assert browser.run("document.getElementById('said').textContent") == ""


def test_the_search_is_reached_by_the_tabulator(browser: Any, page: Path) -> None:
    browser.open(page)

    browser.press("Tab")
    assert browser.run("document.activeElement.id") == "tab-branch"
    browser.press("Tab")
    assert browser.run("document.activeElement.id") == "find"


def test_a_page_is_dark_where_the_screen_is(browser: Any, page: Path) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    plates = "[...document.querySelectorAll('#level-branch svg > rect')].map(r => getComputedStyle(r).fill)"

    for dark, palette in ((False, LIGHT), (True, DARK)):
        browser.open(page, dark=dark)
        assert browser.run(ground) == rgb(palette["page"])
        assert browser.run(plates) == [rgb(palette["page"])]


@pytest.mark.parametrize("name", ["two", "siamese", "six", "halves", "stitched", "votes"])
def test_cards_lie_on_nothing_whatever_is_open(
    browser: Any, topology: Callable[[str], FusionGraph], tmp_path: Path, name: str
) -> None:
    save(draw(topology(name), level="layer"), tmp_path / "page.html")
    cards = "[...document.querySelectorAll('.card, .aside')].map(card => card.getBoundingClientRect())"

    browser.open(tmp_path / "page.html")
    for state in ("false", "true"):
        browser.run(f"document.querySelectorAll('details').forEach(d => d.open = {state})")
        boxes = browser.run(f"{cards}.map(box => [box.left, box.top, box.right, box.bottom])")
        assert boxes
        for a, b in combinations(boxes, 2):
            assert a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]


def test_figures_on_one_page_do_not_disturb_each_other(
    browser: Any, topology: Callable[[str], FusionGraph], tmp_path: Path
) -> None:
    figures = [draw(topology(name), style=style) for name, style in (("two", "auto"), ("votes", "light"))]
    figures += [draw(topology("two"), style="dark"), draw(topology("two"), phase=1)]
    page = f"<!doctype html><meta charset=utf-8>{''.join(figure.svg() for figure in figures)}"
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    plates = "[...document.querySelectorAll('svg')].map(s => getComputedStyle(s.querySelector(':scope > rect')).fill)"
    hatched = "[...document.querySelectorAll('[fill^=\"url(\"]')].map(e => [e.closest('svg'), document.querySelector(e.getAttribute('fill').slice(4, -1)).closest('svg')]).every(([a, b]) => a === b)"

    for dark, palette in ((False, LIGHT), (True, DARK)):
        browser.open(tmp_path / "page.html", dark=dark)
        follows, light, night = (rgb(each["page"]) for each in (palette, LIGHT, DARK))
        assert browser.run(plates) == [follows, light, night, follows]
        assert browser.run("document.querySelectorAll('[fill^=\"url(\"]').length") > 4
        assert browser.run(hatched) is True


def test_a_page_prints_the_level_in_front_in_light_colours_without_its_tabs(browser: Any, page: Path) -> None:
    browser.open(page, dark=True)
    browser.click("label[for=tab-stage]")
    browser.ask("Emulation.setEmulatedMedia", media="print")

    assert browser.run(SHOWN) == ["level-stage"]
    assert browser.run("getComputedStyle(document.querySelector('nav')).display") == "none"
    plate = "getComputedStyle(document.querySelector('#level-stage svg > rect')).fill"
    assert browser.run(plate) == rgb(LIGHT["page"])
    printed = base64.b64decode(browser.ask("Page.printToPDF", printBackground=True)["data"])
    assert printed.startswith(b"%PDF-")
    browser.ask("Emulation.setEmulatedMedia", media="")


def test_a_pointer_is_told_what_it_rests_on(browser: Any, page: Path) -> None:
    browser.open(page)

    tips = "[...document.querySelectorAll('#level-branch g[data-name$=\" segment\"] > title')].map(t => t.textContent)"
    assert all(" layer" in tip and "params" in tip for tip in browser.run(tips))
    assert len(browser.run(tips)) == 10


def test_hostile_names_do_not_run(
    browser: Any, topology: Callable[[str], FusionGraph], tmp_path: Path
) -> None:
    text = draw(topology("names"), level="layer").html()
    (tmp_path / "names.html").write_text(text, encoding="utf-8")
    # What a page without its guard would let in; the browser's policy must stop it.
    struck = text.replace(
        "<main>", "<main><script>window.struck = 1</script><img src=x onerror='window.struck = 2'>"
    )
    (tmp_path / "struck.html").write_text(struck, encoding="utf-8")

    browser.open(tmp_path / "names.html")
    assert browser.run("document.scripts.length") == 1
    assert browser.complaints() == []
    browser.click("#find")
    browser.write("<script>")
    assert int(browser.run("document.getElementById('said').textContent").split()[0]) > 0
    browser.open(tmp_path / "struck.html")
    assert browser.run("window.struck") is None
    assert len(browser.complaints()) >= 2
    assert browser.run("document.querySelector('.finding').hidden") is False
