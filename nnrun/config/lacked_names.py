"""Why a config cannot name some classes of Keras, and what to write in their place.

Every class that Keras has and a config cannot name stands here, but for the base classes of Keras.
"""

_FOR_SEQUENCES = "it is for sequences, and a row of a table is none; write {units: 8}"
_FOR_IMAGES = "it is for sequences and images, and a row of a table is none; write {units: 8}"
_CHANGES_IMAGES = "leave it out: it changes images, and a row of a table is none"
_FOR_SOUND = "leave it out: it is for sound, and a row of a table is none"
_FOREIGN_CODE = "it runs code of its own, and a config has none"

LAYERS = {
    **dict.fromkeys(
        ("InputLayer", "InputSpec"), "leave it out: nnrun counts the inputs in the table"
    ),
    **dict.fromkeys(
        ("Flatten", "Permute", "RepeatVector", "Reshape"),
        "leave it out: a row of a table is a list of numbers already",
    ),
    "Identity": "leave it out: it changes nothing",
    "Masking": "leave it out: `data: {missing: mean}` fills missing cells",
    "Softmax": "write {type: Activation, activation: softmax}, or give it to the layer before",
    **dict.fromkeys(
        ("Normalization", "Rescaling"),
        "leave it out: nnrun standardises unless `data: {normalize: false}` says otherwise",
    ),
    **dict.fromkeys(
        (
            "CategoryEncoding",
            "Embedding",
            "Hashing",
            "IntegerLookup",
            "ReversibleEmbedding",
            "StringLookup",
            "TextVectorization",
        ),
        "leave it out: each category of a column of text is an input already",
    ),
    "HashedCrossing": "leave it out: for pairs of categories, add a column of them to the table",
    "Discretization": "write `data: {numeric: {name: ple, bins: 16}}`",
    "ActivityRegularization": "write `activity_regularizer: {l2: 0.01}` in the layer before",
    "EinsumDense": "write {units: 8}: a row of a table has one axis",
    "GroupNormalization": "write LayerNormalization, which takes all units for one group",
    "SpectralNormalization": "write `kernel_constraint: UnitNorm` in the layer, which bounds its "
    "weights too",
    **dict.fromkeys(
        ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract"),
        "it joins several layers, and here each layer follows the one before",
    ),
    **dict.fromkeys(
        (
            "AdditiveAttention",
            "Attention",
            "Bidirectional",
            "ConvLSTM1D",
            "ConvLSTM2D",
            "ConvLSTM3D",
            "GRU",
            "GRUCell",
            "GroupQueryAttention",
            "LSTM",
            "LSTMCell",
            "MultiHeadAttention",
            "RNN",
            "SimpleRNN",
            "SimpleRNNCell",
            "StackedRNNCells",
            "TimeDistributed",
        ),
        _FOR_SEQUENCES,
    ),
    **dict.fromkeys(
        (
            "AdaptiveAveragePooling1D",
            "AdaptiveAveragePooling2D",
            "AdaptiveAveragePooling3D",
            "AdaptiveMaxPooling1D",
            "AdaptiveMaxPooling2D",
            "AdaptiveMaxPooling3D",
            "AveragePooling1D",
            "AveragePooling2D",
            "AveragePooling3D",
            "AvgPool1D",
            "AvgPool2D",
            "AvgPool3D",
            "Conv1D",
            "Conv1DTranspose",
            "Conv2D",
            "Conv2DTranspose",
            "Conv3D",
            "Conv3DTranspose",
            "Convolution1D",
            "Convolution1DTranspose",
            "Convolution2D",
            "Convolution2DTranspose",
            "Convolution3D",
            "Convolution3DTranspose",
            "Cropping1D",
            "Cropping2D",
            "Cropping3D",
            "DepthwiseConv1D",
            "DepthwiseConv2D",
            "GlobalAveragePooling1D",
            "GlobalAveragePooling2D",
            "GlobalAveragePooling3D",
            "GlobalAvgPool1D",
            "GlobalAvgPool2D",
            "GlobalAvgPool3D",
            "GlobalMaxPool1D",
            "GlobalMaxPool2D",
            "GlobalMaxPool3D",
            "GlobalMaxPooling1D",
            "GlobalMaxPooling2D",
            "GlobalMaxPooling3D",
            "MaxPool1D",
            "MaxPool2D",
            "MaxPool3D",
            "MaxPooling1D",
            "MaxPooling2D",
            "MaxPooling3D",
            "SeparableConv1D",
            "SeparableConv2D",
            "SeparableConvolution1D",
            "SeparableConvolution2D",
            "UpSampling1D",
            "UpSampling2D",
            "UpSampling3D",
            "ZeroPadding1D",
            "ZeroPadding2D",
            "ZeroPadding3D",
        ),
        _FOR_IMAGES,
    ),
    **dict.fromkeys(
        ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
        "it is for sequences and images, and a row of a table is none; write "
        "{type: Dropout, rate: 0.2}",
    ),
    **dict.fromkeys(
        (
            "AugMix",
            "AutoContrast",
            "CenterCrop",
            "ContrastLimitedAdaptiveHistogramEqualization",
            "CutMix",
            "Equalization",
            "MaxNumBoundingBoxes",
            "MixUp",
            "RandAugment",
            "RandomBrightness",
            "RandomColorDegeneration",
            "RandomColorJitter",
            "RandomContrast",
            "RandomCrop",
            "RandomElasticTransform",
            "RandomErasing",
            "RandomFlip",
            "RandomGaussianBlur",
            "RandomGrayscale",
            "RandomHue",
            "RandomInvert",
            "RandomPerspective",
            "RandomPosterization",
            "RandomRotation",
            "RandomSaturation",
            "RandomSharpness",
            "RandomShear",
            "RandomTranslation",
            "RandomZoom",
            "Resizing",
            "Solarization",
        ),
        _CHANGES_IMAGES,
    ),
    **dict.fromkeys(("MelSpectrogram", "STFTSpectrogram"), _FOR_SOUND),
    **dict.fromkeys(
        ("FlaxLayer", "JaxLayer", "Lambda", "TFSMLayer", "TorchModuleWrapper"), _FOREIGN_CODE
    ),
    "Pipeline": "the list of layers is one: write its layers one after the other",
    "Wrapper": "it changes another layer: write that layer",
}

LOSSES = {
    **dict.fromkeys(
        ("Hinge", "SquaredHinge"),
        "its outputs are scores, and nnrun predicts probabilities; use BinaryCrossentropy "
        "with from_logits: true, whose outputs are scores too, and name the hinge under "
        "metrics",
    ),
    "CategoricalHinge": "its outputs are scores, and nnrun predicts probabilities; use "
    "SparseCategoricalCrossentropy, whose label has the largest score",
    "CategoricalGeneralizedCrossEntropy": "use CategoricalCrossentropy with label_smoothing "
    "where some labels are wrong",
    "CTC": "it is for sequences, and a row of a table is none",
    "KLDivergence": "its targets are distributions; for labels, use CategoricalCrossentropy, "
    "which differs from it by a constant",
    **dict.fromkeys(
        ("Circle", "CosineSimilarity"),
        "it compares vectors; use MeanSquaredError for several numbers",
    ),
    **dict.fromkeys(
        ("Dice", "Tversky"),
        "it is for the pixels of an image; use BinaryFocalCrossentropy, or class_weight, where "
        "a label is rare",
    ),
}

_OF_VALUES = "it sums values up, and compares no outputs with targets"
_OF_PIXELS = "it is for the pixels of an image; write F1Score for two labels"
_ALONG_A_ROW = "it is computed along the outputs of each row; write R2Score, which is over the rows"

METRICS = {
    **dict.fromkeys(("Mean", "MeanMetricWrapper", "Sum"), _OF_VALUES),
    **dict.fromkeys(
        ("ConcordanceCorrelation", "CosineSimilarity", "PearsonCorrelation"), _ALONG_A_ROW
    ),
    **dict.fromkeys(("BinaryIoU", "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"), _OF_PIXELS),
    "CategoricalAccuracy": "targets are the numbers of labels; write SparseCategoricalAccuracy",
    **dict.fromkeys(
        ("CategoricalCrossentropy", "CategoricalHinge", "KLDivergence"),
        "targets are the numbers of labels; write SparseCategoricalCrossentropy",
    ),
    "TopKCategoricalAccuracy": "targets are the numbers of labels; write "
    "SparseTopKCategoricalAccuracy",
}

ACTIVATIONS = {
    "glu": "it halves the units of its layer; use silu, which multiplies each unit by its own gate",
    "threshold": "use relu with arguments, as in {name: relu, threshold: 0.5}, which gives 0 "
    "up to the threshold",
}

INITIALIZERS = {
    "IdentityInitializer": "write Identity",
    "OrthogonalInitializer": "write Orthogonal",
    **dict.fromkeys(("STFT", "STFTInitializer"), "it is for sound; write GlorotUniform"),
}

OPTIMIZERS = {
    "LossScaleOptimizer": "it is for float16, and nnrun computes in float32; write the optimizer "
    "in it",
    **dict.fromkeys(
        ("MultiOptimizer", "OptimizerMap"),
        "it gives layers optimizers of their own; write one for all of them",
    ),
}
