import pytest

from fusion.checking import resolve
from fusion.errors import RecipeError, StudyError
from fusion.probe.tapping import TapPoint, find_taps, reader, tapped_recipe
from fusion.recipe.reading import from_data
from fusion.recipe.references import references
from fusion.recipe.short import fuse
from fusion.recipe.writing import to_data
from fusion.study.arms import arm_facts
from fusion.study.cuts import cut_arms
from fusion.study.declaration import Cuts, Study


@pytest.fixture(scope="module")
def two():
    return fuse("TinyVGG[block3_pool]", "TinyResNet", output=["cat", "dog"], weights=None, shape=(32, 32, 3))


def layers(one, **taps):
    study = Study(name="taps", recipe=one, taps={name: tuple(each) for name, each in taps.items()})
    return [tap.layer for tap in find_taps(study, resolve(one))]


def test_taps_are_named_by_name_by_alias_and_by_glob_and_stand_once_by_depth(two):
    assert layers(two, tinyvgg=["last", "block[12]_pool", "block1_pool"]) == [
        "block1_pool",
        "block2_pool",
        "block3_pool",
    ]


def test_stages_and_natural_cuts_have_names(two):
    stages = layers(two, tinyresnet=["stages"])
    natural = layers(two, tinyresnet=["natural"])

    assert stages[-1] == natural[-1] == "stage3_block2_out"
    assert len(stages) < len(natural)


def test_without_names_the_natural_cuts_of_every_backbone_are_scored(two):
    found = find_taps(Study(name="taps", recipe=two), resolve(two))

    assert {tap.backbone for tap in found} == {"tinyvgg", "tinyresnet"}
    assert all(0 < tap.depth <= 1 and tap.flops > 0 for tap in found)
    assert found[0].name.startswith("tinyvgg/")


def test_a_layer_is_as_deep_where_it_is_scored_as_where_it_is_cut():
    one = fuse("TinyVGG[block2_pool]", output=["cat", "dog"], weights="eye.h5", shape=(32, 32, 3))
    graph = resolve(one)

    (tap,) = find_taps(Study(name="taps", recipe=one, taps={"tinyvgg": ("block2_pool",)}), graph)
    (arm,) = cut_arms(Cuts(backbone="tinyvgg", at=["block2_pool"], arms=["frozen"]), graph).values()

    assert tap.depth == arm.depth == arm_facts(graph).cuts["tinyvgg_view"].depth


def test_every_tap_that_is_not_there_is_named_at_once(two):
    with pytest.raises(RecipeError) as caught:
        layers(two, tinyvgg=["block1_pool", "blok2_pool", "conv*"], other=["last"])

    places = [problem.place for problem in caught.value.problems]
    assert places == ["/taps/tinyvgg/1", "/taps/tinyvgg/2", "/taps/other"]
    assert "Did you mean 'block2_pool'" in str(caught.value)
    assert "no layer like 'conv*'" in str(caught.value)
    assert "Those that do: tinyvgg, tinyresnet" in str(caught.value).replace("'", "")


def test_a_recipe_without_backbones_has_no_taps(study):
    with pytest.raises(StudyError, match="No backbone of 'price' reads an input"):
        find_taps(study, resolve(study.recipe))


def test_each_tap_reads_and_pools_as_the_branch_on_its_backbone(two):
    changed = two.replace("/branches/tinyvgg_view/pool", "avg+max").replace(
        "/branches/tinyresnet_view/pool", "flatten"
    )
    taps = [
        TapPoint("tinyvgg", "block1_pool", 0.3, 0, 0),
        TapPoint("tinyresnet", "conv1", 0.1, 0, 0),
        TapPoint("tinyvgg", "top", 1.0, 0, 0, flat=True),
    ]

    made = tapped_recipe(changed, taps)

    assert [branch.pool for branch in made.branches.values()] == ["avg+max", "avg", "none"]
    assert [branch.cut for branch in made.branches.values()] == ["block1_pool", "conv1", "top"]
    assert made.training is None


def test_a_backbone_that_reads_no_input_has_no_reader(two):
    assert reader(two, "other") is None
    with pytest.raises(StudyError, match="'other' reads no input"):
        tapped_recipe(two, [TapPoint("other", "x", 1.0, 0, 0)])


def test_inputs_are_not_optional_where_taps_alone_read_them(two):
    data = to_data(two)
    photo = data["inputs"]["photo"] | {"optional": {"missing": "zeros"}}
    facts = {"kind": "tabular", "columns": ["area"]}
    branches = data["branches"] | {"facts_view": {"input": "facts"}}
    fusion = {"op": "concat", "from": list(branches)}
    recipe = from_data(
        data | {"inputs": {"photo": photo, "facts": facts}, "branches": branches, "fusion": fusion}
    )

    made = tapped_recipe(recipe, [TapPoint("tinyvgg", "block1_pool", 0.3, 0, 0)])

    assert list(references(made, to_data(made))) == []
    assert made.inputs == {"photo": two.inputs["photo"]}
