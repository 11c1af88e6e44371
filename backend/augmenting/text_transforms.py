"""The catalogue for texts: what changes letters, words and tokens without a network or another model.

Left out: synonyms and translation there and back, for they need models or word lists of a language, and random
insertion, which makes up content. Letters and words are changed before the model's tokenizer reads the text, tokens
after it.
"""

from backend.augmenting.kinds import Parameter, Transform, Widget, number

LETTERS = (
    Transform(
        "ChangeCase",
        "Upper and lower case",
        "Letters",
        "Writes the whole text in another case. For texts that come from forms, headlines and phones alike.",
        (Parameter("to", "Into", Widget.CHOICE, "any", choices=("any", "lower", "upper", "title")),),
        probability=0.2,
        kind="text",
    ),
    Transform(
        "MixCase",
        "Mixed case",
        "Letters",
        "Turns single letters from lower to upper case and back. For chats and for text read from pictures.",
        (number("share", "Turned", 0.05, (0.01, 1.0), step=0.01, unit="of the letters"),),
        probability=0.2,
        kind="text",
    ),
    Transform(
        "Typos",
        "Typing errors",
        "Letters",
        "Swaps, drops and doubles letters, or hits the key beside them. For what people type in a hurry. Digits stay.",
        (
            number("share", "Wrong", 0.03, (0.01, 0.3), step=0.01, unit="of the letters"),
            Parameter(
                "typo",
                "Errors",
                Widget.CHOICE,
                "any",
                choices=("any", "swapped", "dropped", "doubled", "neighbour key"),
                help="Neighbours on an English keyboard (QWERTY); letters that are not on it keep their key.",
            ),
        ),
        probability=0.3,
        kind="text",
    ),
)

WORDS = (
    Transform(
        "DropWords",
        "Leave out words",
        "Words",
        "Leaves words out. For classes that the topic decides; a lost “not” can turn a review round.",
        (number("share", "Left out", 0.1, (0.01, 0.5), step=0.01, unit="of the words"),),
        probability=0.5,
        kind="text",
    ),
    Transform(
        "SwapWords",
        "Swap words",
        "Words",
        "Exchanges neighbouring words. For classes that the words decide, not their order.",
        (number("share", "Swapped", 0.05, (0.01, 0.5), step=0.01, unit="of the words"),),
        probability=0.3,
        kind="text",
    ),
)

TOKENS = (
    Transform(
        "MaskTokens",
        "Mask tokens",
        "Tokens",
        "Covers words and parts of words with the model's own mask, so that it learns more than one sign of a class.",
        (number("share", "Masked", 0.15, (0.01, 0.6), step=0.01, unit="of the tokens"),),
        kind="text",
    ),
    Transform(
        "DropTokens",
        "Leave out tokens",
        "Tokens",
        "Leaves out words and parts of words as the model reads them: also for models without a mask.",
        (number("share", "Left out", 0.1, (0.01, 0.6), step=0.01, unit="of the tokens"),),
        kind="text",
    ),
)

TEXT = LETTERS + WORDS + TOKENS
