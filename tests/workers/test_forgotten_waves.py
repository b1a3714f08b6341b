"""What is said of a wave after the store was emptied, where nothing of it is left to do."""

from datetime import timedelta

from fakes.records import BEN
from test_conducting_waves import made, started, wave_of

from bot.domain.wave import MemberState, WaveState


def test_a_forgotten_wave_of_which_everything_is_done_asks_nobody_to_begin_it_again() -> None:
    engine = made()
    engine.begin_rounds()
    wave_id = started(engine)
    engine.play(lambda: wave_of(engine, wave_id).state is WaveState.FINISHED, limit=timedelta(hours=24))
    assert len(wave_of(engine, wave_id).of(MemberState.DONE)) == 3
    engine.tell()
    engine.redis.flushall()
    engine.type(f"wave abort {wave_id}", by=BEN)
    told = engine.slack.responses[-1][1]
    assert "us-prod runs sentiment version 4, by this wave." in told
    assert told.endswith("None is left to begin.")
    assert "wave start" not in told
    assert "nobody begins" not in told
    engine.close()
