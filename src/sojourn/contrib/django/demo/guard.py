"""Runs a program for as long as somebody holds the other end of standard input: `guard FOLDER PROGRAM ...`.

The system closes that end whatever becomes of who holds it, a `kill -9` included, on Linux and macOS alike. Then the
program is asked to end, and FOLDER is deleted.
"""

import shutil
import subprocess
import sys
import threading


def main(folder: str, *command: str) -> int:
    """Start the program; when it has ended, delete the folder and return its exit status."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603  # the demonstration's own words

    def watch() -> None:
        sys.stdin.read()
        process.terminate()

    threading.Thread(target=watch, daemon=True).start()
    try:
        return process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
