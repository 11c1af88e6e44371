"""The full-text index of items: FTS5 of SQLite, filled in the order of the ids, in small transactions.

What is behind `upto` is not in it yet and is scanned. PostgreSQL has none: there `upto` stays 0.
"""

import unicodedata
from typing import Any

from sqlalchemy import Select, column, literal_column, select, table, text

from db.models import WordIndex
from db.session import Session, direct

# Merging is done in small steps of its own (`merge`): FTS5 would otherwise do it whenever a transaction ends, and once
# so many parts have come together, all of it at once.
SETTINGS = {"automerge": 0, "crisismerge": 1_900}
# A merge of so many pages of 4 kB is a short transaction.
MERGED_PAGES = 100
WORDS = table("item_words", column("rowid"))
NEXT = text(
    "INSERT INTO item_words (rowid, words) SELECT id, coalesce(text, source) FROM items"
    " WHERE id > :after AND id <= :upto"
)
LAST = text("SELECT max(id), count(*) FROM (SELECT id FROM items WHERE id > :after ORDER BY id LIMIT :count)")
# Written without spaces between words: the index has whole sentences there, and finds nothing in them.
WITHOUT_SPACES = (
    (0x0E00, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19DF), (0x1A20, 0x1AAF),
    (0x2E80, 0x2FFF), (0x3005, 0x3007), (0x3021, 0x30FF), (0x3100, 0x318F), (0x31A0, 0x31FF), (0x3400, 0x9FFF),
    (0xA980, 0xA9DF), (0xAA60, 0xAA7F), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x1B000, 0x1B16F), (0x20000, 0x3FFFF),
)  # fmt: skip
# Accents that stand behind their letter belong to the word (unicode61).
ACCENTS = range(0x300, 0x332)


def has_index(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def upto(session: Session) -> int:
    """The id of the last item that is in the index."""
    return session.scalar(select(WordIndex.upto).where(WordIndex.id == 1)) or 0


def index_more(session: Session, limit: int) -> int:
    """Add the next items, at most so many; return how many those were: 0 when all are in."""
    if not has_index(session):
        return 0
    connection = direct(session)
    after = upto(session)
    last, count = connection.execute(LAST, {"after": after, "count": limit}).one()
    if not count:
        return 0
    _set_up(session)
    connection.execute(NEXT, {"after": after, "upto": last})
    connection.execute(text("UPDATE word_index SET upto = :upto WHERE id = 1"), {"upto": last})
    return int(count)


def merge(session: Session, pages: int = MERGED_PAGES) -> bool:
    """Merge a little of what the index has come to consist of; says whether there was anything to merge.

    After the FTS5 documentation, section 6.9, which says to look at what the database counts as changes.
    """
    if not has_index(session):
        return False
    driver: Any = direct(session).connection.driver_connection
    before = driver.total_changes
    driver.execute("INSERT INTO item_words (item_words, rank) VALUES ('merge', ?)", (pages,))
    return bool(driver.total_changes - before >= 2)


def _set_up(session: Session) -> None:
    """Once for each database: FTS5 keeps its settings."""
    found = direct(session).execute(text("SELECT k, v FROM item_words_config"))
    there: dict[str, Any] = {row.k: row.v for row in found}
    for name, value in SETTINGS.items():
        if there.get(name) != value:
            setting = text("INSERT INTO item_words (item_words, rank) VALUES (:name, :value)")
            direct(session).execute(setting, {"name": name, "value": value})


def matching(words: str) -> Select[Any] | None:
    """The ids of the items that have all of `words`, whole ones; of the last only the beginning, when it ends in "*".
    None when the index cannot tell.

    All words as beginnings would cost up to a quarter of a second each at a million items: before the first answer FTS5
    then merges every word that begins so.

    That is so where there is no word, or one in a script that writes without spaces, or of letters that are younger
    than the index's own table of them.
    """
    found = tokens(words)
    if not found:
        return None
    query = " ".join(f'"{token}"' for token in found) + ("*" if is_beginning(words) else "")
    matches = text("item_words MATCH :item_words_query").bindparams(item_words_query=query)
    return select(literal_column("item_words.rowid")).select_from(WORDS).where(matches)


def is_beginning(words: str) -> bool:
    """Whether the last word stands for all that begin so."""
    return words.rstrip().endswith("*")


def tokens(words: str) -> list[str] | None:
    """The words as the index cuts them: letters and digits of any script. None where it would cut otherwise."""
    found: list[str] = []
    current = ""
    for letter in f"{words} ":
        if _is_part(letter) or (current and ord(letter) in ACCENTS):
            if _is_beyond(letter):
                return None
            current += letter
        elif current:
            found.append(current)
            current = ""
    return found


def _is_part(letter: str) -> bool:
    category = unicodedata.category(letter)
    return category[0] in "LN" or category == "Co"


def _is_beyond(letter: str) -> bool:
    # unicode61 knows Unicode 6.1; what this older table has as well is cut as expected.
    if unicodedata.ucd_3_2_0.category(letter) == "Cn":
        return True
    return any(first <= ord(letter) <= last for first, last in WITHOUT_SPACES)
