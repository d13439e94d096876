"""How fast a built model runs against the same one written by hand, and three taps against the deepest alone.

    python benchmarks/forward.py

Models of one row compute the same numbers, from the same weights; they are timed in turn, one batch a time.
"""

import keras
import numpy as np
import tensorflow as tf
from reporting import paired, report

import fusion

ROUNDS = 40
BATCH = 8
SIZE = (128, 128, 3)


def main() -> None:
    rows = [_fused(), _taps()]
    report("forward", ("what", "seconds", "against", "seconds", "ratio", "claimed"), rows)


def _fused() -> list[object]:
    ours = fusion.build(
        _recipe({"a": ("MobileNet", "conv_pw_11_relu"), "b": ("ResNet50", "conv4_block6_out")})
    )
    by_hand = _by_hand(ours)
    photos = np.random.default_rng(0).uniform(0, 255, (BATCH, *SIZE)).astype("float32")
    ours_runs, hand_runs = _compiled(ours, {"photo": photos}), _compiled(by_hand, photos)
    difference = np.abs(ours_runs().numpy() - hand_runs().numpy()).max()
    if difference > 1e-5:
        raise SystemExit(f"The models compared differ by {difference}.")
    one, other, ratio = paired(ours_runs, hand_runs, rounds=ROUNDS)
    return ["MobileNet + ResNet50, built", one, "written by hand", other, ratio, "<= 1.02"]


def _taps() -> list[object]:
    taps = ["conv2_block3_out", "conv3_block4_out", "conv4_block6_out"]
    three = fusion.build(_recipe({"a": ("ResNet50", taps)}))
    deepest = fusion.build(_recipe({"a": ("ResNet50", taps[-1])}))
    photos = {"photo": np.random.default_rng(0).uniform(0, 255, (BATCH, *SIZE)).astype("float32")}
    one, other, ratio = paired(_compiled(three, photos), _compiled(deepest, photos), rounds=ROUNDS)
    return ["three taps of ResNet50", one, "the deepest alone", other, ratio, "<= 1.05"]


def _recipe(branches: dict[str, tuple[str, object]]) -> fusion.Recipe:
    names = list(branches)
    return fusion.Recipe(
        name="forward",
        inputs={"photo": fusion.Image(shape=SIZE)},
        backbones={
            f"net_{name}": fusion.Backbone(arch=arch, weights=None) for name, (arch, _) in branches.items()
        },
        branches={
            name: fusion.Branch(input="photo", backbone=f"net_{name}", cut=cut)
            for name, (_, cut) in branches.items()
        },
        fusion=fusion.Concat(of=names) if len(names) > 1 else None,
        head=fusion.Head(output=fusion.Output(task="classification", classes=5)),
    )


def _by_hand(ours: keras.Model) -> keras.Model:
    """The usual code for two backbones on one input, given the weights of ours."""
    applications = keras.applications
    mobile = applications.MobileNet(include_top=False, weights=None, input_shape=SIZE)
    resnet = applications.ResNet50(include_top=False, weights=None, input_shape=SIZE)
    first = keras.Model(mobile.input, mobile.get_layer("conv_pw_11_relu").output, name="first")
    second = keras.Model(resnet.input, resnet.get_layer("conv4_block6_out").output, name="second")
    photo = keras.Input(SIZE)
    features = [
        first(applications.mobilenet.preprocess_input(photo)),
        second(applications.resnet50.preprocess_input(photo)),
    ]
    vectors = [keras.layers.GlobalAveragePooling2D()(each) for each in features]
    output = keras.layers.Dense(5, activation="softmax")(keras.layers.Concatenate()(vectors))
    model = keras.Model(photo, output)
    first.set_weights(ours.get_layer("net_a").get_weights())
    second.set_weights(ours.get_layer("net_b").get_weights())
    model.layers[-1].set_weights(ours.get_layer("output").get_weights())
    return model


def _compiled(model: keras.Model, batch: object):
    run = tf.function(lambda inputs: model(inputs, training=False))
    tensors = tf.nest.map_structure(tf.constant, batch)
    return lambda: run(tensors)


if __name__ == "__main__":
    main()
