"""What was told waits for its reader in bounded memory."""

from storage.told import _MOST, Told


async def test_a_reader_that_falls_behind_loses_the_oldest_and_is_told_how_many() -> None:
    told = Told()
    for number in range(_MOST + 2):
        told.put(str(number))
    assert [str(number) for number in range(2, _MOST + 2)] == await told.take()
    assert 2 == told.lost()
    assert 0 == told.lost()


async def test_after_the_end_what_is_left_is_taken_and_then_nothing() -> None:
    told = Told()
    told.put("last")
    told.end()
    assert ["last"] == await told.take()
    assert [] == await told.take()
