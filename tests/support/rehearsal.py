"""Shell scripts run with stand-ins for the tools that they call, to see what they would do.

bash itself runs the script, so quoting, substitution and control flow are the real ones. Each tool
is a shell function that asks this process for its answer; no other program can be found, so nothing
leaves the machine. A tool that nobody stands in for fails as in a shell: command not found, 127.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import IO

from tests.support.outcomes import SuiteError

STRICT = ("-e", "-o", "pipefail")
# The question is the line, what was piped in, the number of words and the words; the answer is the
# status, the text and the complaint. Every part ends with NUL, which no shell word can hold. The
# tools of a pipeline run at the same time: each reads all that is piped into it, so that nobody
# writes to nobody, and takes the one byte of the third pipe while it asks.
ASK = r"""
rehearse() {
  local line=$1 status text complaint turn piped=; shift
  if [ -p /dev/stdin ]; then while IFS= read -r -d '' turn; do :; done; piped=$turn; fi
  IFS= read -r -n 1 turn <&"$REHEARSAL_TURN" || return 125
  printf '%s\0' "$line" "$piped" "$#" "$@" >&"$REHEARSAL_ASK"
  IFS= read -r -d '' status <&"$REHEARSAL_TOLD" || return 125
  IFS= read -r -d '' text <&"$REHEARSAL_TOLD" || return 125
  IFS= read -r -d '' complaint <&"$REHEARSAL_TOLD" || return 125
  printf . >&"$REHEARSAL_NEXT"
  printf '%s' "$text"; printf '%s' "$complaint" >&2; return "$status"
}
cd() { :; }
sleep() { :; }
"""


@dataclass(frozen=True)
class Call:
    """A tool called by a script: the script's line, counted from 1, and the command's words.

    `piped` is what was piped into it; it may be a secret.
    """

    line: int
    words: tuple[str, ...]
    piped: str = field(default="", repr=False)


@dataclass(frozen=True)
class Answer:
    """What a tool prints, its exit status, and what it prints to standard error."""

    text: str = ""
    status: int = 0
    complaint: str = ""


@dataclass(frozen=True)
class Ending:
    """How a script ended: its exit status, what it called, in order, and what it printed."""

    status: int
    calls: tuple[Call, ...]
    output: str


def rehearse(
    script: str,
    answer: Callable[[Call], Answer],
    tools: Sequence[str],
    environment: Mapping[str, str],
    directory: Path,
    options: Sequence[str] = STRICT,
    seconds: float = 20.0,
) -> Ending:
    """Run `script` in `directory` with `tools` stood in for by `answer`, at most `seconds`.

    The script sees `environment` and no other variable; python3 is this one. What `answer` raises
    stops the script and is raised here. SuiteError without bash, or when time is up.
    """
    bash = shutil.which("bash")
    if bash is None:
        raise SuiteError("bash is not on the PATH: scripts are rehearsed with it; install bash")
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as scratch:
        prelude, file, printed = (Path(scratch) / name for name in ("prelude", "script", "printed"))
        prelude.write_text(ASK + "".join(map(_stand_in, tools)) + _python(), encoding="utf-8")
        file.write_text(script, encoding="utf-8")
        variables = {**environment, "PATH": str(file), "BASH_ENV": str(prelude), "LC_ALL": "C"}
        command = [bash, "--noprofile", "--norc", *options, str(file)]
        with printed.open("wb") as output:
            status, calls = _run(command, answer, variables, directory, output, seconds)
        text = printed.read_text(encoding="utf-8", errors="replace")
        return Ending(status, calls, text.replace(f"{file}: ", ""))


def line_of(call: Call, script: str) -> int:
    """The line on which a call is written: within a long command bash counts only roughly."""
    begun = re.compile(r"(?<![\w-])" + r"\s+".join(map(re.escape, call.words[:3])) + r"(?![\w-])")
    tool = call.words[0]
    lines = enumerate(script.splitlines(), 1)
    written = [n for n, line in lines if tool in line and begun.search(line)]
    return min(written, key=lambda n: abs(n - call.line), default=call.line)


def _stand_in(tool: str) -> str:
    # The line of the script itself, also of what a function of the script is given to call.
    line = "${BASH_LINENO[${#BASH_LINENO[@]}-2]}"
    return f'{tool}() {{ rehearse "{line}" {tool} "$@"; }}\n'


def _python() -> str:
    return f'python3() {{ {shlex.quote(sys.executable)} -I -S "$@"; }}\n'


def _run(
    command: list[str],
    answer: Callable[[Call], Answer],
    variables: Mapping[str, str],
    directory: Path,
    output: IO[bytes],
    seconds: float,
) -> tuple[int, tuple[Call, ...]]:
    """Start bash and answer until nobody is left to ask; whatever happens, leave nothing behind."""
    (asked, ask), (told, tell), (turn, following) = os.pipe(), os.pipe(), os.pipe()
    os.write(following, b".")
    ends = {
        "REHEARSAL_ASK": ask,
        "REHEARSAL_TOLD": told,
        "REHEARSAL_TURN": turn,
        "REHEARSAL_NEXT": following,
    }
    with os.fdopen(asked, "rb", buffering=0) as questions, os.fdopen(tell, "wb", 0) as answers:
        try:
            process = subprocess.Popen(
                command,
                cwd=directory,
                env={**variables, **{name: str(end) for name, end in ends.items()}},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=tuple(ends.values()),
                start_new_session=True,
            )
        finally:
            for end in ends.values():
                os.close(end)
        late = Timer(seconds, _kill, [process])
        late.start()
        calls = []
        try:
            for call in _calls(questions):
                calls.append(call)
                reply = answer(call)
                parts = (str(reply.status), reply.text, reply.complaint)
                answers.write(b"".join(part.encode() + b"\0" for part in parts))
            process.wait()
        except BrokenPipeError:
            process.wait()
        finally:
            in_time = late.is_alive()
            late.cancel()
            _kill(process)
            process.wait()
        if not in_time:
            raise SuiteError(f"a script was still running after {seconds:g} s of rehearsal")
    return process.returncode, tuple(calls)


def _calls(questions: IO[bytes]) -> Iterator[Call]:
    words = _words(questions)
    for line in words:
        piped, count = next(words), int(next(words))
        yield Call(int(line), tuple(next(words) for _ in range(count)), piped)


def _words(stream: IO[bytes]) -> Iterator[str]:
    rest = b""
    while chunk := stream.read(65536):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from (word.decode(errors="replace") for word in whole)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the script and whatever it started; it is the leader of a session of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
