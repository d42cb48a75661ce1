"""Something to do for whoever works on a topic, all the time."""

import threading
from collections.abc import Callable

TICK = 0.05  # seconds


class Steady(threading.Thread):
    """Calls `send` with a number of records, so many a second in all, until it is told to stop."""

    def __init__(self, send: Callable[[int], None], rate: int):
        super().__init__(daemon=True)
        self.send, self.each, self.stopping = send, max(1, round(rate * TICK)), threading.Event()
        self.start()

    def run(self) -> None:
        while not self.stopping.wait(TICK):
            self.send(self.each)

    def stop(self) -> None:
        self.stopping.set()
        self.join()
