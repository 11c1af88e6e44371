"""Items to vectors, computed once and kept."""

from backend.models import catalogue


def default_encoder(kind: str) -> str:
    """The encoder that is always here for this kind of item."""
    return catalogue.MINILM if kind == "text" else catalogue.DESCRIPTOR
