"""Transforms that move things about in the picture."""

from backend.augmenting.kinds import Parameter, Transform, Widget, between, number

# What fills the places that a turned, shifted or smaller picture leaves empty.
FILLS = {"black": 0, "grey": 128, "white": 255}
FILL = Parameter("fill", "Empty corners", Widget.CHOICE, "black", choices=tuple(FILLS))

GEOMETRY = (
    Transform(
        "RandomHorizontalFlip",
        "Mirror",
        "Geometry",
        "Left becomes right. For things that look the same either way; not for text, digits or road signs.",
        probability=0.5,
        takes_p=True,
    ),
    Transform(
        "RandomVerticalFlip",
        "Upside down",
        "Geometry",
        "Top becomes bottom. For pictures without an up and down, such as cells or land seen from above.",
        probability=0.5,
        takes_p=True,
    ),
    Transform(
        "RandomRotation",
        "Rotation",
        "Geometry",
        "Turns the picture either way. For cameras and scanners that are not held straight.",
        (number("degrees", "Up to", 15, (0, 180), step=1, unit="°"), FILL),
    ),
    Transform(
        "RandomAffine",
        "Turn, shift, zoom, slant",
        "Geometry",
        "Moves the subject about in the frame, so that the model does not learn where it stands.",
        (
            number("degrees", "Turn up to", 10, (0, 180), step=1, unit="°"),
            number("translate", "Shift up to", 0.1, (0.0, 0.5), step=0.01, unit="of the side"),
            between("scale", "Zoom", (0.9, 1.1), (0.3, 2.0), step=0.05, unit="times"),
            number("shear", "Slant up to", 0, (0, 45), step=1, unit="°"),
            FILL,
        ),
    ),
    Transform(
        "RandomPerspective",
        "Perspective",
        "Geometry",
        "Tilts the picture as if seen from the side. For photos of flat things: pages, screens, signs.",
        (number("distortion_scale", "Tilt", 0.2, (0.0, 0.8), step=0.05), FILL),
        probability=0.5,
        takes_p=True,
    ),
    Transform(
        "RandomResizedCrop",
        "Crop and enlarge",
        "Geometry",
        "Cuts out a part and enlarges it. The strongest single help for photos; a small part may miss the subject.",
        (
            between("scale", "Part of the area", (0.6, 1.0), (0.08, 1.0), step=0.02),
            between("ratio", "Width to height", (0.75, 1.33), (0.5, 2.0), step=0.01),
        ),
    ),
    Transform(
        "RandomCrop",
        "Pad and crop",
        "Geometry",
        "Adds a border and cuts at a random place: a shift without any blur. Usual for small pictures.",
        (
            number("padding", "Border", 0.1, (0.0, 0.3), step=0.01, unit="of the side"),
            Parameter(
                "padding_mode", "Border shows", Widget.CHOICE, "reflect", choices=("reflect", "edge", "constant")
            ),
        ),
    ),
    Transform(
        "ElasticTransform",
        "Elastic",
        "Geometry",
        "Bends the picture like rubber. For handwriting and for tissue under a microscope.",
        (
            number("alpha", "Strength", 120, (0, 400), step=5),
            number("sigma", "Smoothness", 4.0, (2.0, 8.0), step=0.5, unit="px"),
            FILL,
        ),
        probability=0.5,
    ),
    Transform(
        "RandomZoomOut",
        "Smaller, somewhere",
        "Geometry",
        "Shrinks the picture and puts it anywhere on an empty ground. For things that may be far away.",
        (between("side_range", "Ground", (1.0, 1.5), (1.0, 3.0), step=0.05, unit="times the side"), FILL),
        probability=0.3,
        takes_p=True,
    ),
)
