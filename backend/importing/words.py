"""Brings items into the full-text index, in transactions so short that no label waits."""

import logging
import threading
import time

from backend.pacing import next_size
from db import jobs, words
from db.models import JobKind
from db.session import reading, writing

log = logging.getLogger("winnow.words")
FIRST, FEWEST, MOST = 200, 20, 2_000
# Others get in between: the lock is given to whoever asks first.
PAUSE_S = 0.001
# So many items make a part of the index, and then a few parts are merged.
MERGE_EVERY = 20_000
LOOK_EVERY_S = 2.0


def index(ended: threading.Event | None = None) -> int:
    """Index what is missing, until `ended`; return how many items that were. A second one meanwhile shares the work."""
    size, done, merged_at = FIRST, 0, 0
    while ended is None or not ended.is_set():
        began = time.perf_counter()
        with writing(is_lasting=False) as session:
            count = words.index_more(session, size)
        spent_s = time.perf_counter() - began
        done += count
        if not count:
            break
        size = next_size(size, spent_s, fewest=FEWEST, most=MOST)
        if done - merged_at >= MERGE_EVERY:
            merged_at = done
            _merge(ended)
        time.sleep(PAUSE_S)
    if done:
        _merge(ended)
    return done


def _merge(ended: threading.Event | None) -> None:
    while ended is None or not ended.is_set():
        with writing(is_lasting=False) as session:
            if not words.merge(session):
                return
        time.sleep(PAUSE_S)


def keep_up(ended: threading.Event) -> None:
    """For the background of the app: what imports brought in. While one is at work it waits, for both want the disk."""
    while not ended.wait(LOOK_EVERY_S):
        try:
            with reading() as session:
                if any(job.kind == JobKind.IMPORT for job in jobs.in_states(session, jobs.ALIVE)):
                    continue
            if count := index(ended):
                log.info("%s items came into the full-text index", count)
        except Exception:
            log.exception("the full-text index was not brought up to date")
