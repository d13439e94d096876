import pytest

from fusion.recipe.selectors import Selector, parse_selector


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("head", Selector("head")),
        ("fusion", Selector("fusion")),
        ("fusion:pair", Selector("fusion", "pair")),
        ("block:embed", Selector("block", "embed")),
        ("vgg", Selector("backbone", "vgg")),
        ("vgg[conv1]", Selector("backbone", "vgg", "conv1", "conv1")),
        ("vgg[conv1..]", Selector("backbone", "vgg", "conv1")),
        ("vgg[..conv9]", Selector("backbone", "vgg", None, "conv9")),
        ("vgg[a.b..c.d]", Selector("backbone", "vgg", "a.b", "c.d")),
        ("vgg[after:mixed8..stage:4]", Selector("backbone", "vgg", "after:mixed8", "stage:4")),
        ("blocks", Selector("backbone", "blocks")),
    ],
)
def test_a_selector_is_parsed(text, selector):
    assert parse_selector(text) == selector


@pytest.mark.parametrize(
    "text",
    [
        "",
        " head",
        "vgg [a]",
        "vgg[a",
        "vgg]",
        "block:",
        "fusion:",
        "fusion:a[b]",
        "block:a[b]",
        "head[a]",
        "a:b",
        "é",
    ],
)
def test_what_is_no_selector_is_told_what_one_looks_like(text):
    with pytest.raises(
        ValueError,
        match=r"is no selector\. Write head, fusion, fusion:NODE, block:NAME, stitch:BACKBONE, BACKBONE",
    ):
        parse_selector(text)


@pytest.mark.parametrize("text", ["vgg[]", "vgg[..]"])
def test_an_empty_range_is_told_how_to_write_the_whole(text):
    with pytest.raises(ValueError, match="has an empty range; write vgg for the whole backbone"):
        parse_selector(text)
