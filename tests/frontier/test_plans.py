"""Plans of whole trainings, and the command that prints them."""

import json

import pytest
import typer
from typer.testing import CliRunner

from fusion.cli.planning import plan as command
from fusion.errors import TrainingError
from fusion.frontier.plans import plan
from fusion.frontier.rates import Rates


def test_a_plan_adds_up_its_phases(phase_graph):
    found = plan(phase_graph("Chain", ["head"], ["head", "net[conv3..]"]), examples=100, least=0)

    first, second = found.phases
    assert first.train == ("head",)
    assert second.train == ("head", "net[conv3..]")
    assert second.trainable == first.trainable + 9 * 16 * 32 + 32
    assert first.stored_bytes == 100 * first.frontier.stored_bytes == 100 * 4 * 32
    assert first.flops == 100 * first.frontier.suffix_flops
    assert first.whole_flops == 100 * first.frontier.whole_flops
    assert first.once_seconds == pytest.approx(100 * first.frontier.once_seconds)
    assert first.epoch_seconds == pytest.approx(100 * first.frontier.epoch_seconds)
    assert first.whole_seconds == pytest.approx(100 * first.frontier.whole_seconds)
    assert found.stored_bytes == first.stored_bytes + second.stored_bytes
    each = [phase.once_seconds + 10 * phase.epoch_seconds for phase in found.phases]
    assert found.seconds == pytest.approx(sum(each))
    assert found.whole_seconds == pytest.approx(10 * (first.whole_seconds + second.whole_seconds))


def test_what_an_earlier_phase_stored_is_not_computed_again(phase_graph):
    found = plan(phase_graph("Chain", ["head"], ["head"]), examples=100, least=0)

    first, second = found.phases
    assert first.kept == ()
    assert second.kept == second.frontier.tensors
    assert first.once_seconds > 0
    assert second.once_seconds == 0
    assert found.stored_bytes == first.stored_bytes


def test_what_an_earlier_phase_stored_and_changed_is_computed_again(phase_graph):
    found = plan(phase_graph("Chain", ["head"], ["head", "net[conv3..]"], ["head"]), examples=100, least=0)

    assert found.phases[2].kept == ()
    assert found.phases[2].once_seconds > 0
    assert found.stored_bytes == sum(phase.stored_bytes for phase in found.phases)


def test_a_faster_machine_takes_less(phase_graph):
    graph = phase_graph("Chain", ["head"])

    fast, slow = (plan(graph, examples=10, rates=Rates(compute=each), least=0) for each in (1e12, 1e9))

    assert fast.seconds < slow.seconds
    assert fast.rates.compute == 1e12


def test_a_recipe_without_training_has_no_plan(graph_of, data_of):
    with pytest.raises(TrainingError, match="'one' says nothing of training"):
        plan(graph_of(data_of()), examples=10)


def test_a_plan_for_no_examples_is_refused(phase_graph):
    with pytest.raises(TrainingError, match="1 example or more, got examples=0"):
        plan(phase_graph("Chain", ["head"]), examples=0)


RECIPE = {
    "recipe": 1,
    "name": "facts",
    "inputs": {"facts": {"kind": "tabular", "columns": ["a", "b"]}},
    "branches": {"all": {"input": "facts", "blocks": ["mlp"]}},
    "blocks": {"mlp": [{"dense": 4096}, {"dense": 4}]},
    "head": {"output": {"task": "regression"}},
    "training": {
        "phases": [
            {"name": "[all] of it", "train": ["head", "block:mlp"], "epochs": 2},
            {"name": "head last", "train": ["head"], "epochs": 20},
        ]
    },
}


@pytest.fixture
def run(tmp_path):
    app = typer.Typer()
    app.command()(command)
    (tmp_path / "r.json").write_text(json.dumps(RECIPE))

    def call(*words):
        return CliRunner().invoke(app, [str(tmp_path / "r.json"), *words], catch_exceptions=False)

    return call


def test_the_command_says_what_each_phase_trains_stores_and_takes(run):
    done = run("--examples", "5000000")

    assert done.exit_code == 0
    for text in (
        "[all] of it: trains head, block:mlp (28.7 k weights)",
        "read anew in every epoch: facts",
        "head last: trains head (5 weights)",
        "stored: all.mlp 4, 16 B an example",
        "In all ",
        "On 5000000 examples",
    ):
        assert text in done.stdout


def test_the_command_prints_the_plan_as_json(run):
    found = json.loads(run("--examples", "5000000", "--json").stdout)

    assert found["examples"] == 5000000
    assert [phase["frontier"]["phase"] for phase in found["phases"]] == ["[all] of it", "head last"]
    assert found["phases"][1]["frontier"]["tensors"] == [
        {"node": "all.mlp", "layer": "", "shape": [4], "dtype": "float32", "bytes": 16}
    ]


def test_the_command_wants_examples(run):
    assert run().exit_code == 2
    assert run("--examples", "0").exit_code == 2
