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

LAYERS = {
    "input": "leave it out: nnrun counts the inputs in the table",
    **dict.fromkeys(("fc", "fullyconnected", "linear"), "write {type: Dense, units: 8}"),
    **dict.fromkeys(("bn", "batchnorm1d"), "write BatchNormalization"),
}

SCHEDULES = {
    **dict.fromkeys(
        ("cosine", "cosineannealing", "cosineannealinglr", "cosineschedule"), "write CosineDecay"
    ),
    **dict.fromkeys(
        ("cosineannealingwarmrestarts", "sgdr", "warmrestarts"), "write CosineDecayRestarts"
    ),
    **dict.fromkeys(
        ("linearwarmup", "onecycle", "onecyclelr", "warmup"),
        "write CosineDecay with warmup_steps and warmup_target",
    ),
    **dict.fromkeys(("exponential", "exponentiallr"), "write ExponentialDecay"),
    **dict.fromkeys(
        ("steplr", "step"), "write ExponentialDecay with staircase: true, or PiecewiseConstantDecay"
    ),
    **dict.fromkeys(
        ("multisteplr", "piecewise", "piecewiseconstant"), "write PiecewiseConstantDecay"
    ),
    **dict.fromkeys(("linear", "lineardecay", "linearlr", "polynomial"), "write PolynomialDecay"),
    **dict.fromkeys(
        ("plateau", "reducelronplateau"),
        "it is a key at the top: `reduce_lr_on_plateau: {factor: 0.5, patience: 5}`",
    ),
}
