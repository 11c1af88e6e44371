"""Which place for making batches is taken."""

from backend.training import pace


def test_few_processes_win_where_the_rates_are_alike() -> None:
    many = {pace.HERE: 10.0, pace.name_of(1): 10.1, pace.name_of(2): 10.2}
    assert pace.fastest(many)[:2] == (pace.HERE, 0)
    assert pace.fastest(many | {pace.name_of(1): 12.0, pace.name_of(2): 12.1})[:2] == (pace.WORKERS, 1)
