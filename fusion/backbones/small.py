"""Small backbones of our own that train in seconds on a processor: a plain and a residual one of images, one of texts."""

import keras
from keras import layers

InputShape = tuple[int | None, int | None, int]


def TinyVGG(  # noqa: N802 - named and called like the constructors of keras.applications
    *,
    include_top: bool = False,
    weights: str | None = None,
    input_shape: InputShape | None = None,
    pooling: None = None,
    name: str = "tiny_vgg",
    width: int = 16,
) -> keras.Model:
    """Returns a plain chain: three stages of two 3x3 convolutions, each ended by a max-pooling that halves the grid.

    The widths are `width`, twice and four times that; layers are called `block1_conv1`, `block1_bn1`, `block1_relu1`
    to `block3_pool`. After Simonyan and Zisserman, "Very deep convolutional networks for large-scale image
    recognition" (2014), with batch normalisation. Wants values in [-1, 1] and at least 16x16 pixels.

    >>> TinyVGG(input_shape=(28, 28, 1), width=4).output_shape
    (None, 3, 3, 16)
    """
    _refuse_pretrained("TinyVGG", include_top=include_top, weights=weights, pooling=pooling)
    inputs = keras.Input(input_shape or (28, 28, 3))
    x = inputs
    for block, filters in enumerate((width, 2 * width, 4 * width), start=1):
        for step in (1, 2):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"block{block}_conv{step}")(x)
            x = layers.BatchNormalization(momentum=0.9, name=f"block{block}_bn{step}")(x)
            x = layers.ReLU(name=f"block{block}_relu{step}")(x)
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
    return keras.Model(inputs, x, name=name)


def TinyResNet(  # noqa: N802 - named and called like the constructors of keras.applications
    *,
    include_top: bool = False,
    weights: str | None = None,
    input_shape: InputShape | None = None,
    pooling: None = None,
    name: str = "tiny_resnet",
    width: int = 16,
) -> keras.Model:
    """Returns a residual network: a 3x3 stem that halves the grid, then stages of one, one and two blocks.

    The stages run at half, quarter and eighth size.

    The widths are `width`, twice and four times that; layers are called `conv1`, `stage1_block1_conv1` to
    `stage3_block2_out`. After He and others, "Deep residual learning for image recognition" (2016), section 4.2. Wants
    values in [-1, 1] and at least 16x16 pixels.

    >>> TinyResNet(input_shape=(28, 28, 1), width=4).output_shape
    (None, 4, 4, 16)
    """
    _refuse_pretrained("TinyResNet", include_top=include_top, weights=weights, pooling=pooling)
    inputs = keras.Input(input_shape or (28, 28, 3))
    x = _normalised(inputs, width, strides=2, name="conv1", normalisation="conv1_bn")
    x = layers.ReLU(name="conv1_relu")(x)
    for stage, blocks in enumerate((1, 1, 2), start=1):
        for block in range(1, blocks + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            x = _residual(x, width * 2 ** (stage - 1), strides, name=f"stage{stage}_block{block}")
    return keras.Model(inputs, x, name=name)


def TinyText(  # noqa: N802 - named and called like the constructors of keras.applications
    *,
    include_top: bool = False,
    weights: str | None = None,
    input_shape: tuple[int | None] | None = None,
    pooling: None = None,
    name: str = "tiny_text",
    vocabulary: int = 10_000,
    width: int = 64,
) -> keras.Model:
    """Returns embeddings of tokens and two residual blocks, each a convolution over three neighbours and a normalisation.

    So words count with those around them, as in Kim, "Convolutional neural networks for sentence classification"
    (2014). The places of padding, which is 0, are zeros after every block; the layers to cut at are `embedding_out`,
    `block1_out` and `block2_out`.

    Args:
        include_top: As the others below, only there because all constructors have it.
        weights: None.
        input_shape: How many tokens; any number if `None`.
        pooling: None.
        name: Name of the model.
        vocabulary: How many tokens it knows, from 0.
        width: How many values stand for a token.

    >>> TinyText(input_shape=(12,), vocabulary=50, width=4).output_shape
    (None, 12, 4)
    """
    _refuse_pretrained("TinyText", include_top=include_top, weights=weights, pooling=pooling)
    ids = keras.Input(input_shape or (None,), dtype="int32", name="ids")
    token = keras.ops.not_equal(ids, 0)
    # Bare operations take no name where they are called.
    token._keras_history.operation.name = "is_token"
    mask = keras.ops.cast(token, "float32")
    mask._keras_history.operation.name = "mask"
    mask = layers.Reshape((-1, 1), name="column")(mask)
    x = layers.Embedding(vocabulary, width, name="embedding")(ids)
    x = layers.Multiply(name="embedding_out")([x, mask])
    for block in (1, 2):
        y = layers.Conv1D(width, 3, padding="same", activation="gelu", name=f"block{block}_conv")(x)
        y = layers.LayerNormalization(name=f"block{block}_norm")(y)
        y = layers.Multiply(name=f"block{block}_masked")([y, mask])
        x = layers.Add(name=f"block{block}_out")([x, y])
    return keras.Model(ids, x, name=name)


def _residual(x: keras.KerasTensor, filters: int, strides: int, *, name: str) -> keras.KerasTensor:
    shortcut = x
    if strides > 1:
        shortcut = _normalised(
            x, filters, kernel=1, strides=strides, name=f"{name}_conv0", normalisation=f"{name}_bn0"
        )
    x = _normalised(x, filters, strides=strides, name=f"{name}_conv1", normalisation=f"{name}_bn1")
    x = layers.ReLU(name=f"{name}_relu1")(x)
    x = _normalised(x, filters, name=f"{name}_conv2", normalisation=f"{name}_bn2")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.ReLU(name=f"{name}_out")(x)


def _normalised(
    x: keras.KerasTensor, filters: int, *, name: str, normalisation: str, kernel: int = 3, strides: int = 1
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, kernel, strides=strides, padding="same", use_bias=False, name=name)(x)
    return layers.BatchNormalization(momentum=0.9, name=normalisation)(x)


def _refuse_pretrained(arch: str, *, include_top: bool, weights: str | None, pooling: None) -> None:
    if include_top or weights or pooling:
        raise ValueError(
            f"{arch} has neither a classifier nor pretrained weights nor a pooling. "
            f"Received: include_top={include_top}, weights={weights!r}, pooling={pooling!r}."
        )
