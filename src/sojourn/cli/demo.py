"""`sojourn demo`: a small real site on which two browsers meet the limit."""

import argparse
import ipaddress
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sojourn.contrib.django.demo.server import DemoServer
    from sojourn.contrib.django.demo.setup import Account

_HELP = "run a demonstration site on this machine"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser's `commands`."""
    parser = commands.add_parser("demo", help=_HELP, description=f"{_HELP.capitalize()}. Ctrl-C ends it.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="the port; 0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep what is stored in this folder; otherwise it is deleted at the end",
    )
    parser.add_argument(
        "--store",
        choices=("database", "redis"),
        default="database",
        help="where the sessions are: in the site's database, or on a Valkey or Redis that is started for it "
        "(default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve the demonstration site until it is interrupted; return the exit status."""
    if any(find_spec(name) is None for name in ("django", "ua_parser")):
        return _fail('The demonstration needs Django. Install it with: pip install "sojourn[django]"')
    if options.store == "redis" and find_spec("redis") is None:
        return _fail('It needs the client for Valkey and Redis. Install it with: pip install "sojourn[django,demo]"')
    with _terminated_like_interrupted():
        try:
            if options.keep is not None:
                options.keep.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            return _fail(f"Cannot keep anything in {options.keep}: {error.strerror or error}.")
        try:
            with _folder(options.keep) as folder:
                return _serve(options, folder) if options.store == "database" else _serve_on_valkey(options, folder)
        except KeyboardInterrupt:
            print("\nEnded.", flush=True)
            return 0


def _serve_on_valkey(options: argparse.Namespace, folder: Path) -> int:
    from sojourn.contrib.django.demo import valkey

    try:
        with valkey.running(folder) as store:
            print(f"Sessions are kept by {store.program}, at {store.url}", flush=True)
            return _serve(options, folder, store.url)
    except valkey.NoServer as missing:
        return _fail(str(missing))


def _serve(options: argparse.Namespace, folder: Path, store: str = "default") -> int:
    from sojourn.contrib.django.demo import server, setup

    setup.configure(folder, options.host, store)
    try:
        listening = server.bind(options.host, options.port)
    except OSError as error:
        return _fail(_why_not(options, error))
    try:
        setup.open_at(listening.url)
        accounts = setup.prepare()
        _explain(listening, accounts, options.keep)
        listening.serve_forever()
    finally:
        listening.server_close()
        setup.close()
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: write a number from 0 to 65535")
    return int(text)


def _fail(message: str) -> int:
    print(f"sojourn demo: {message}", file=sys.stderr, flush=True)
    return 1


def _why_not(options: argparse.Namespace, error: OSError) -> str:
    from sojourn.contrib.django.demo.server import is_taken

    if is_taken(error):
        other = options.port + 1 if options.port < 65535 else 8001
        return (
            f"Port {options.port} of {options.host} is taken by another program. "
            f"Choose another one: sojourn demo --port {other}"
        )
    return f"Cannot listen on {options.host}, port {options.port}: {error.strerror or error}."


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The folder for the site's files: `keep`, or a fresh one that is deleted at the end."""
    if keep is not None:
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="sojourn-demo-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """A polite end (SIGTERM) cleans up as Ctrl-C does, also where a shell started us with Ctrl-C ignored."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _explain(listening: "DemoServer", accounts: "list[Account]", keep: Path | None) -> None:
    width = max(len(account.name) for account in accounts)
    lines = [
        "",
        f"The Sojourn demonstration is running at {listening.url}",
        "",
        "Accounts (new passwords at every start):",
        *(f"  {account.name.ljust(width)}  {account.password}  {account.about}".rstrip() for account in accounts),
        "",
        "What to try",
        f"  1. Open {listening.url} in two browsers, or in a normal and a private window.",
        "  2. Sign in as ann in both. The front page shows the limit, and what happens at it:",
        "     the second sign-in ends the first session, or is refused, or you are asked. Change it there.",
        "  3. Look at the browser that was signed out: its open page says so within seconds, and why.",
        f"  4. Read what was written to ann of that: {listening.url}mails/",
        f"  5. Sign in at {listening.url}admin/ as admin: there you find sessions, end them, and see how it stands.",
        "",
        "Ctrl-C ends it. " + (f"What it stored stays in {keep}." if keep else "What it stored is then deleted."),
    ]
    if not _is_loopback(listening.host):
        lines += [
            "",
            f"Careful: {listening.host} can be reached from other machines, and this site is for trying only.",
        ]
    print("\n".join(lines), flush=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
