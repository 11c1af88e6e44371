"""Work for a pool that ends its process on one input, as a crash in a decoder does."""

import os


def _made(rows: list[str], victim: str) -> list[str]:
    if victim in rows:
        os._exit(139)
    return [f"made {row}" for row in rows]


def on_four(rows: list[str]) -> list[str]:
    return _made(rows, "4")


def on_eleven(rows: list[str]) -> list[str]:
    return _made(rows, "11")


def on_anything(_rows: list[str]) -> list[str]:
    os._exit(139)
