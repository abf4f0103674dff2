"""Names that other programs have, and what to write for them in a config.

The names are in lower case and without `_`, so that each stands for all of its spellings.
"""

_CROSSENTROPY = (
    "write BinaryCrossentropy for one of two labels, SparseCategoricalCrossentropy for one of "
    "several"
)

LOSSES = {
    **dict.fromkeys(
        ("rmse", "rootmeansquarederror"),
        "write MeanSquaredError, which the same outputs make least, and "
        "root_mean_squared_error under metrics",
    ),
    **dict.fromkeys(
        ("l2", "l2loss", "mseloss", "squarederror", "regsquarederror", "squaredloss"),
        "write MeanSquaredError",
    ),
    **dict.fromkeys(
        ("absoluteerror", "l1", "l1loss", "maeloss", "regabsoluteerror"), "write MeanAbsoluteError"
    ),
    **dict.fromkeys(
        ("huberloss", "smoothl1", "smoothl1loss", "pseudohuber", "regpseudohubererror"),
        "write Huber, or LogCosh, which is as smooth everywhere",
    ),
    **dict.fromkeys(
        ("bceloss", "bcewithlogitsloss", "binary", "binarylogistic", "sigmoidcrossentropy"),
        "write BinaryCrossentropy",
    ),
    **dict.fromkeys(
        ("multiclass", "multisoftmax", "multisoftprob", "softmax", "softmaxcrossentropy"),
        "write SparseCategoricalCrossentropy",
    ),
    **dict.fromkeys(
        ("ce", "crossentropy", "crossentropyloss", "logloss", "nll", "nllloss"), _CROSSENTROPY
    ),
    **dict.fromkeys(
        ("focal", "focalloss", "sigmoidfocal"),
        "write BinaryFocalCrossentropy for one of two labels, CategoricalFocalCrossentropy for one "
        "of several",
    ),
    **dict.fromkeys(("countpoisson", "poissonnllloss"), "write Poisson"),
    **dict.fromkeys(
        ("pinball", "pinballloss", "quantile", "quantileloss"),
        "write MeanAbsoluteError, whose best answer is the median; "
        "`nnrun predict --interval 0.9` gives bounds",
    ),
    **dict.fromkeys(
        ("gaussiannll", "gaussiannllloss"),
        "write MeanSquaredError; `nnrun predict --interval 0.9` gives bounds",
    ),
    **dict.fromkeys(
        ("gamma", "reggamma", "regtweedie", "tweedie"),
        "write Poisson for counts, or take logarithms of the target by "
        "`data: {target_transform: log1p}`",
    ),
}

METRICS = {
    "rmse": "write root_mean_squared_error",
    **dict.fromkeys(("r2", "rsquared"), "write r2_score"),
    **dict.fromkeys(("f1", "fscore"), "write f1_score"),
    **dict.fromkeys(("auroc", "aucroc", "rocauc", "rocaucscore"), "write AUC"),
    **dict.fromkeys(
        ("ap", "auprc", "averageprecision", "praucscore", "prauc"),
        "write {name: AUC, curve: PR}",
    ),
    **dict.fromkeys(
        ("logloss", "crossentropy"),
        "write binary_crossentropy for one of two labels, sparse_categorical_crossentropy for one "
        "of several",
    ),
    "sensitivity": "write recall",
    **dict.fromkeys(
        ("balancedaccuracy", "brier", "brierscore", "f1macro", "macrof1", "specificity"),
        "leave it out: `nnrun evaluate` measures labels in more ways",
    ),
}

ACTIVATIONS = {
    **dict.fromkeys(("leaky", "lrelu"), "write leaky_relu"),
    **dict.fromkeys(("identity", "none"), "write linear"),
    **dict.fromkeys(("logistic", "sigm"), "write sigmoid"),
    "prelu": "it is a layer of its own: `{type: PReLU}`",
}

INITIALIZERS = {
    **dict.fromkeys(("he", "kaiming", "kaiminguniform"), "write he_uniform"),
    "kaimingnormal": "write he_normal",
    **dict.fromkeys(("glorot", "xavier", "xavieruniform"), "write glorot_uniform"),
    "xaviernormal": "write glorot_normal",
    "lecun": "write lecun_normal",
    "normal": "write random_normal",
    "uniform": "write random_uniform",
}

_NO_INPUT_LAYER = "leave it out: nnrun counts the inputs in the table"

LAYERS = {
    "input": _NO_INPUT_LAYER,
    **dict.fromkeys(("fc", "fullyconnected", "linear"), "write {type: Dense, units: 8}"),
    **dict.fromkeys(("bn", "batchnorm1d"), "write BatchNormalization"),
}

_FOR_SEQUENCES = "it is for sequences, and a row of a table is none; write {units: 8}"
_FOR_IMAGES = "it is for sequences and images, and a row of a table is none; write {units: 8}"

REASONS_OF_LAYERS = {
    **dict.fromkeys(("InputLayer", "InputSpec"), _NO_INPUT_LAYER),
    **dict.fromkeys(
        ("Flatten", "Reshape"), "leave it out: a row of a table is a list of numbers already"
    ),
    "Identity": "leave it out: it changes nothing",
    "Softmax": "write {type: Activation, activation: softmax}, or give it to the layer before",
    **dict.fromkeys(
        ("Normalization", "Rescaling"),
        "leave it out: nnrun standardises unless `data: {normalize: false}` says otherwise",
    ),
    **dict.fromkeys(
        ("CategoryEncoding", "Embedding", "Hashing", "IntegerLookup", "StringLookup"),
        "leave it out: each category of a column of text is an input already",
    ),
    "Discretization": "write `data: {numeric: {name: ple, bins: 16}}`",
    "ActivityRegularization": "write `activity_regularizer: {l2: 0.01}` in the layer before",
    "GroupNormalization": "write LayerNormalization, which takes all units for one group",
    **dict.fromkeys(
        ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"),
        "it joins several layers, and here each layer follows the one before",
    ),
    **dict.fromkeys(
        ("Bidirectional", "ConvLSTM1D", "GRU", "LSTM", "MultiHeadAttention", "RNN", "SimpleRNN"),
        _FOR_SEQUENCES,
    ),
    **dict.fromkeys(
        ("Conv1D", "Conv2D", "Conv3D", "MaxPooling1D", "MaxPooling2D", "SpatialDropout1D"),
        _FOR_IMAGES,
    ),
}
"""Why a layer of Keras is not offered, and what to write in its place."""
