"""The real rules, in a hurry: what a test changes of them, and nothing else."""

import re

UNITS = {"s": 1, "m": 60, "h": 3600}
FASTER = 60  # an hour is a minute
WINDOW = 5  # seconds at least: a rate needs some scrapes, which come every second


def _seconds(text: str, least: int) -> str:
    number = int(text[:-1]) * UNITS[text[-1]]
    return f"{max(number // FASTER, least) if number else 0}s"


def shortened(text: str, **thresholds: float) -> str:
    """Every `for` is a sixtieth, every window too but five seconds at least, and thresholds are replaced as the chart does it."""
    for name, number in thresholds.items():
        text, count = re.subn(rf"[0-9.e+]+ # thresholds\.{name}\b", f"{number} # thresholds.{name}", text)
        assert count == 1, name
    text = re.sub(r"(?<=  for: )\d+[smh]", lambda found: _seconds(found.group(), 1), text)

    def window(found: re.Match) -> str:
        step = f":{_seconds(found.group(2), 1)}" if found.group(2) else ""
        return f"[{_seconds(found.group(1), WINDOW)}{step}]"

    return re.sub(r"\[(\d+[smh])(?::(\d+[smh]))?\]", window, text)
