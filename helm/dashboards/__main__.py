"""Writes the dashboards: `python3 helm/dashboards`. What is in helm/esker/dashboards is written by nothing else; a test compares."""

import sys
from pathlib import Path

from board import text
from boards import BOARDS

OUT = Path(__file__).resolve().parents[1] / "esker" / "dashboards"


def main() -> None:
    for name, board in BOARDS.items():
        (OUT / f"{name}.json").write_text(text(name, board))


if __name__ == "__main__":
    sys.exit(main())
