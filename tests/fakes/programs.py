"""Other people's programs, as they would end."""

from collections.abc import Callable

from workers.ports import Ended, Program

PASSES = Ended(exit_status=0, report=b'{"summary": "40 of 40 transcripts agree"}')
FAILS = Ended(exit_status=1, output="12 of 40 transcripts differ")


class FakePrograms:
    """Implements workers.ports.Programs: `ends` are taken in order, then it passes for ever."""

    def __init__(self) -> None:
        self.ends: list[Ended | Exception] = []
        self.ran: list[Program] = []
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens while it runs."""
        self.was_wanted: list[bool] = []

    def run(self, program: Program, is_wanted: Callable[[], bool]) -> Ended:
        self.ran.append(program)
        self.meanwhile()
        self.was_wanted.append(is_wanted())
        end = self.ends.pop(0) if self.ends else PASSES
        if isinstance(end, Exception):
            raise end
        return end
