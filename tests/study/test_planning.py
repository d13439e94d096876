import pytest

from fusion.errors import TrainingError
from fusion.statistics.prospects import detectable_on, in_words
from fusion.study.planning import plan_study
from fusion.study.variants import variants


def test_a_plan_counts_trials_and_says_what_seeds_can_show(study):
    found = plan_study(study, variants(study), examples=50)

    assert [arm.arm for arm in found.arms] == ["base", "0/dense=4", "0/dense=16"]
    assert found.trials == 9
    assert found.arms[0].epochs == 3
    assert found.prospect.detectable == float("inf")
    assert found.seconds == pytest.approx(3 * sum(arm.seconds for arm in found.arms))


def test_more_seeds_and_fewer_arms_can_show_something(study):
    more = study.replaced(seeds=12, axes={"/blocks/mlp/0/dense": [4]})

    assert plan_study(more, variants(more), examples=50).prospect.detectable < 1.5


def test_examples_to_judge_on_show_differences_of_accuracy_and_nothing_of_numbers(study, recipe):
    numbers = study.replaced(recipe=recipe.replace("/head/output", {"task": "regression"}))

    found = [plan_study(each, variants(each), examples=50, judged=100) for each in (study, numbers)]

    assert [each.prospect.judged for each in found] == [100, None]
    assert found[0].prospect.shown == detectable_on(100, disagreement=0.1, arms=2)
    assert found[1].prospect.shown is None


def test_a_plan_for_no_example_is_refused(study):
    with pytest.raises(TrainingError, match="1 example or more"):
        plan_study(study, variants(study), examples=0)


def test_a_study_of_one_arm_has_nothing_to_compare(study):
    alone = study.replaced(axes={})

    said = in_words(plan_study(alone, variants(alone), examples=50, judged=100).prospect)

    assert said == "1 arm: there is nothing to compare it with. Name others in `arms`, `axes` or `cuts`."
