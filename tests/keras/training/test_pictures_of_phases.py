"""Pictures of layers have the colours of what the built model trains."""

import pytest

from fusion.checking import draw, resolve
from fusion.drawing.display import Group, flattened
from fusion.drawing.folding import fold
from fusion.drawing.parts import parts
from fusion.model.addresses import layers
from fusion.model.building import build
from fusion.training.freezing import set_trainable


@pytest.mark.parametrize("phase", [0, 1])
def test_an_op_is_coloured_as_the_weights_of_the_built_model_train(recipe, phase):
    graph, model = resolve(recipe), build(recipe)
    set_trainable(model, graph, graph.phases[phase])
    trains = {
        address: any(weight.trainable for weight in found.weights)
        for address, found in layers(model).items()
        if found.weights
    }
    training = {id(variable) for variable in model.trainable_variables}
    assert training == {
        id(weight) for found in layers(model).values() for weight in found.weights if weight.trainable
    }

    for backbone, states in states_of(draw(graph, phase=phase, level="layer", expand="all")).items():
        trunk = graph.trunks[backbone]
        for part in parts(trunk)[: sum(part.zone < len(trunk.taps) for part in parts(trunk))]:
            for op in fold(trunk.skeleton, part.rows, {*part.read, *trunk.taps}):
                rows = [row for row in op.rows if row.params]
                # Batch normalisation that a phase leaves in inference stands in the box of its convolution.
                telling = [row for row in rows if row.kind != "BatchNormalization"] or rows
                found = {trains[f"{backbone}/{row.name}"] for row in telling}
                expected = (
                    "none"
                    if not found
                    else "mixed"
                    if len(found) > 1
                    else ["frozen", "trainable"][found.pop()]
                )
                assert states[op.exit.name] == expected


def states_of(figure):
    """For each backbone the state of each op by the layer that leaves it."""
    cards = [
        item
        for item, *_ in flattened(figure.drawing.items)
        if isinstance(item, Group) and item.name.startswith("trunk ")
    ]
    return {
        card.name.removeprefix("trunk "): {
            item.name.partition(" op ")[2]: item.name.partition(" op ")[0]
            for item, *_ in flattened(card.items)
            if isinstance(item, Group) and " op " in item.name
        }
        for card in cards
    }
