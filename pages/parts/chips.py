"""Classes as chips: what the scripts and the styles of several components begin with."""

from pathlib import Path

CHIPS = Path(__file__)
KINDS = ("js", "css")


def component_files(of: Path) -> dict[str, str]:
    """`js` and `css` of the component of this name, each behind that of the chips."""
    return {kind: "\n".join(each.with_suffix(f".{kind}").read_text("utf-8") for each in (CHIPS, of)) for kind in KINDS}
