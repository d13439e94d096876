"""What classes of Keras layers do to a picture, as far as cutting asks."""

PADDING = frozenset({"ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"})
"""Layers that only widen the grid for the layer that reads them."""

POOLING = frozenset(
    {
        "MaxPooling1D",
        "MaxPooling2D",
        "MaxPooling3D",
        "AveragePooling1D",
        "AveragePooling2D",
        "AveragePooling3D",
    }
)
"""Layers that coarsen the grid and have no weights."""

FINISHING = frozenset(
    {
        "BatchNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "RMSNormalization",
        "UnitNormalization",
        "Activation",
        "ReLU",
        "LeakyReLU",
        "PReLU",
        "ELU",
        "Softmax",
        "Relu",
        "Relu6",
        "Silu",
        "Gelu",
        "HardSwish",
        "HardSilu",
        "HardSigmoid",
        "Sigmoid",
        "Tanh",
        "Swish",
        "Dropout",
        "SpatialDropout2D",
        "ActivityRegularization",
    }
)
"""Layers that finish what the layer before them computed: they normalise, activate or drop."""

ADJUSTING = frozenset({"InputLayer", "Rescaling", "Normalization", "Resizing"})
"""The input, and layers that only put its values in range."""
