"""The catalogue: each transform with its settings, their sane ranges, and what it is for, in the order of the page.

Names of transforms and settings are those of torchvision v2, so that a recipe reads like its documentation.
Left out of torchvision v2:
- what always does the same and so varies nothing (Resize, CenterCrop, Pad, Grayscale, RGB, Normalize, …);
- what makes pictures of several sizes (RandomResize, RandomShortestSize, ScaleJitter): RandomAffine zooms within one;
- what makes several pictures of one (FiveCrop, TenCrop), and what needs boxes, key points, a matrix or videos;
- what arranges other transforms (RandomApply, RandomChoice, RandomOrder): a step has its own probability;
- erasing with random values, which is not defined on whole-number pixels.
"""

from backend.augmenting.geometry import FILL, FILLS, GEOMETRY
from backend.augmenting.kinds import Parameter, Transform, Widget, between, number

COLOUR = (
    Transform(
        "ColorJitter",
        "Colour and light",
        "Colour",
        "Varies brightness, contrast, saturation and hue. For changing light. Keep hue small where colour matters.",
        (
            number("brightness", "Brightness", 0.2, (0.0, 1.0), step=0.05),
            number("contrast", "Contrast", 0.2, (0.0, 1.0), step=0.05),
            number("saturation", "Saturation", 0.2, (0.0, 1.0), step=0.05),
            number("hue", "Hue", 0.02, (0.0, 0.5), step=0.01),
        ),
    ),
    Transform(
        "RandomPhotometricDistort",
        "Odd cameras",
        "Colour",
        "Each of light, contrast, saturation, hue and the order of colours changes or not, by itself. A strong one.",
        (
            between("brightness", "Brightness", (0.875, 1.125), (0.0, 2.0), step=0.025, unit="times"),
            between("contrast", "Contrast", (0.5, 1.5), (0.0, 2.0), step=0.05, unit="times"),
            between("saturation", "Saturation", (0.5, 1.5), (0.0, 2.0), step=0.05, unit="times"),
            between("hue", "Hue", (-0.05, 0.05), (-0.5, 0.5), step=0.01),
        ),
        probability=0.3,
        takes_p=True,
    ),
    Transform(
        "RandomGrayscale",
        "Grey",
        "Colour",
        "Takes the colour away now and then. For classes told apart by shape, and data with some grey pictures.",
        probability=0.1,
        takes_p=True,
    ),
    Transform(
        "RandomAutocontrast",
        "Full contrast",
        "Colour",
        "Stretches dark to black and light to white. For faded scans and hazy photos.",
        probability=0.3,
        takes_p=True,
    ),
    Transform(
        "RandomEqualize",
        "Equalize",
        "Colour",
        "Spreads the tones evenly, which brings out faint detail. For X-rays and uneven light.",
        probability=0.2,
        takes_p=True,
    ),
    Transform(
        "RandomPosterize",
        "Fewer tones",
        "Colour",
        "Keeps only some bits of each colour. Makes the model rely on form rather than on fine shades.",
        (number("bits", "Bits kept", 4, (1, 8), step=1),),
        probability=0.2,
        takes_p=True,
    ),
    Transform(
        "RandomSolarize",
        "Solarize",
        "Colour",
        "Inverts everything brighter than a threshold. A strong disturbance that photos often profit from.",
        (number("threshold", "From brightness", 128, (0, 255), step=1),),
        probability=0.1,
        takes_p=True,
    ),
    Transform(
        "RandomInvert",
        "Negative",
        "Colour",
        "Swaps dark and light. For scans and drawings that come as white on black and as black on white.",
        probability=0.1,
        takes_p=True,
    ),
    Transform(
        "RandomChannelPermutation",
        "Swap colours",
        "Colour",
        "Exchanges red, green and blue. For classes that colour must not decide.",
        probability=0.1,
    ),
)

QUALITY = (
    Transform(
        "GaussianBlur",
        "Blur",
        "Quality",
        "Softens the picture. For cameras out of focus and for enlarged small pictures.",
        (between("sigma", "Radius", (0.1, 1.5), (0.1, 5.0), step=0.1, unit="px"),),
        probability=0.2,
    ),
    Transform(
        "RandomAdjustSharpness",
        "Sharpness",
        "Quality",
        "Sharpens, or softens below 1. For data from several cameras or scanners.",
        (number("sharpness_factor", "Factor", 2.0, (0.0, 5.0), step=0.1),),
        probability=0.3,
        takes_p=True,
    ),
    Transform(
        "GaussianNoise",
        "Noise",
        "Quality",
        "Adds grain. For photos in little light and for old scans.",
        (number("sigma", "Strength", 0.05, (0.0, 0.5), step=0.01),),
        probability=0.3,
    ),
    Transform(
        "JPEG",
        "JPEG traces",
        "Quality",
        "Compresses and unpacks. For pictures that went through messengers and web sites.",
        (between("quality", "Quality", (30, 90), (1, 100), step=1),),
        probability=0.3,
    ),
    Transform(
        "RandomErasing",
        "Cover a part",
        "Quality",
        "Hides a rectangle, so that the model learns more than one sign of a class. For things partly hidden.",
        (
            between("scale", "Part of the area", (0.02, 0.2), (0.01, 0.6), step=0.01),
            between("ratio", "Height to width", (0.3, 3.3), (0.1, 10.0), step=0.1),
            Parameter("value", "Cover", Widget.CHOICE, "grey", choices=tuple(FILLS)),
        ),
        probability=0.25,
        takes_p=True,
    ),
)

AUTOMATIC = (
    Transform(
        "TrivialAugmentWide",
        "TrivialAugment",
        "Automatic",
        "One random change of random strength for each picture. Nothing to tune, and a good first choice for photos.",
        (FILL,),
    ),
    Transform(
        "RandAugment",
        "RandAugment",
        "Automatic",
        "A few random changes of one strength. For larger data and longer training.",
        (number("num_ops", "Changes", 2, (1, 5), step=1), number("magnitude", "Strength", 9, (0, 30), step=1), FILL),
    ),
    Transform(
        "AutoAugment",
        "AutoAugment",
        "Automatic",
        "Pairs of changes that were found to help on a known data set.",
        (Parameter("policy", "Found on", Widget.CHOICE, "imagenet", choices=("imagenet", "cifar10", "svhn")), FILL),
    ),
    Transform(
        "AugMix",
        "AugMix",
        "Automatic",
        "Blends several changed copies. Makes a model steadier against blur, noise and weather.",
        (
            number("severity", "Strength", 3, (1, 10), step=1),
            number("mixture_width", "Copies", 3, (1, 5), step=1),
            number("alpha", "Evenness of the blend", 1.0, (0.1, 3.0), step=0.1),
        ),
    ),
)

EVENNESS = "Small: nearly all of one and little of the other. 1: every share is as likely. Large: half and half."
BATCHES = (
    Transform(
        "MixUp",
        "MixUp",
        "Batches",
        "Lays two pictures over each other, and shares the label between their classes. For long training, in which a "
        "model becomes too sure.",
        (Parameter("alpha", "Evenness", Widget.NUMBER, 0.2, 0.05, 4.0, 0.05, help=EVENNESS),),
        probability=0.5,
        is_on_batch=True,
    ),
    Transform(
        "CutMix",
        "CutMix",
        "Batches",
        "Puts a rectangle of one picture into another, and shares the label by area. For photos; not where a small "
        "detail decides.",
        (Parameter("alpha", "Evenness", Widget.NUMBER, 1.0, 0.05, 4.0, 0.05, help=EVENNESS),),
        probability=0.5,
        is_on_batch=True,
    ),
)

TRANSFORMS = GEOMETRY + COLOUR + QUALITY + AUTOMATIC + BATCHES
