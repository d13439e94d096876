"""Every check of the project, one after the other: lint, format, types, then doctests and tests."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKS = (
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy"],
    ["pytest", "-q", "--durations=15", "--numprocesses=2", "--dist=worksteal"],
)


def main() -> int:
    for check in CHECKS:
        print("$", *check, *(sys.argv[1:] if check[0] == "pytest" else ()), flush=True)
        arguments = sys.argv[1:] if check[0] == "pytest" else []
        done = subprocess.run([sys.executable, "-m", *check, *arguments], cwd=ROOT, check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
