"""The conversation in the terminal: explain, ask, write down, try, and ask again where it fails."""

from __future__ import annotations

import asyncio
import getpass
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.prompt import Confirm, Prompt
from rich.text import Text

from launch.check.command import look
from launch.check.findings import State
from launch.check.show import all_well, table
from launch.setup.steps import STEPS, Command
from service import settings as setup
from service.redaction import visible
from service.setting_names import collect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from rich.console import Console
    from rich.text import TextType

    from launch.check.findings import Finding
    from launch.setup.steps import Question, Step
    from service.env_file import EnvFile

OUT = "-"
"""Typed to take out an answer that may be left out."""


class _Prompt(Prompt):
    """Hides what is typed before it asks: rich asks first, and what comes at once would show."""

    @classmethod
    def get_input(
        cls, console: Console, prompt: TextType, password: bool, stream: TextIO | None = None
    ) -> str:
        if not password:
            return super().get_input(console, prompt, password, stream)
        return getpass.getpass(prompt if isinstance(prompt, str) else prompt.plain)


class Dialogue:
    """Asks for what is missing. Every answer is in the file before the next question.

    `again`: ask also for what is there and works. Raises KeyboardInterrupt, EOFError, EnvFileError.
    """

    def __init__(
        self,
        console: Console,
        environ: Mapping[str, str],
        file: EnvFile,
        entra_token: str | None,
        *,
        again: bool,
    ) -> None:
        self._console = console
        self._environ = environ
        self._file = file
        self._entra_token = entra_token
        self._again = again

    def welcome(self) -> None:
        """Say what comes."""
        self._console.print(Text("Presence Bridge: set-up", style="bold"))
        self._say(
            f"Your answers are written to {self._file.path}, which only you can read. Each one is "
            "tried right away, and nothing is sent anywhere but to Microsoft, Zoom, your Redis and "
            "your own address. Press Ctrl-C to stop at any time, and run it again to continue."
        )

    def ask_everything(self) -> None:
        """Go through all steps."""
        for number, step in enumerate(STEPS, 1):
            self._console.print()
            self._console.print(Text(f"Step {number} of {len(STEPS)}: {step.title}", style="bold"))
            self._take(step)

    def _take(self, step: Step) -> None:
        if not self._again and self._is_there(step):
            findings = self._look(step)
            # Where nothing is asked, the first check alone tells whether it was done.
            seen = step.questions or all(one.found.state is State.OK for one in findings[:1])
            if seen and all_well(findings):
                self._console.print(Text(f"ok        {self._already(step)}", style="green"))
                return
        for part in step.how(self._known()):
            if isinstance(part, Command):
                # On one line, however long: what is copied must be one.
                self._console.print(Text(f"    {part.text}", style="cyan"), soft_wrap=True)
            else:
                self._say(part)
        while True:
            self._ask_all(step)
            findings = self._look(step)
            if findings:
                self._console.print(table(findings, self._console.width))
            if all_well(findings):
                return
            what = "Answer again" if step.questions else "Check again"
            if not Confirm.ask(
                f"That doesn't work yet. {what}? (n: continue, and come back later)",
                console=self._console,
                default=True,
            ):
                return

    def _is_there(self, step: Step) -> bool:
        """Whether nothing of it needs to be asked."""
        known = self._known()
        if not step.questions:
            return True
        needed = [q.name for q in step.questions if step.all_or_none or not q.optional]
        return all(name in known for name in needed or [q.name for q in step.questions])

    def _already(self, step: Step) -> str:
        if not step.questions:
            return "already works"
        known = self._known()
        shown = [
            q.name if q.secret else f"{q.name} ({known[q.name]})"
            for q in step.questions
            if q.name in known
        ]
        return f"already set: {', '.join(shown)}"

    def _ask_all(self, step: Step) -> None:
        if not step.questions:
            Prompt.ask(
                "Press Enter when that is done",
                console=self._console,
                default="",
                show_default=False,
            )
        for question in step.questions:
            answered = self._ask(question)
            if not answered and step.all_or_none:
                self._file.remove(tuple(q.name for q in step.questions))
                return

    def _ask(self, question: Question) -> bool:
        """Ask until there is an answer that can be used. False: it is left out."""
        name = question.name
        if self._environ.get(name, "").strip():
            self._say(f"{name} is set in the environment, so it stays as it is.")
            return True
        there = self._known().get(name)
        while True:
            answer = _Prompt.ask(
                self._words(question, there), console=self._console, password=question.secret
            ).strip()
            if not answer and there is not None:
                return True
            if question.optional and answer in {"", OUT}:
                self._file.remove((name,))
                return False
            problem = self._problem(name, answer)
            if problem is None:
                self._file.set({name: answer})
                return True
            self._console.print(Text(visible(problem), style="yellow"))

    def _words(self, question: Question, there: str | None) -> str:
        if there is None:
            hint = " (Enter leaves it out)" if question.optional else ""
        else:
            kept = "the present value" if question.secret else there
            hint = f" (Enter keeps {kept}{f'; {OUT} leaves it out' if question.optional else ''})"
        return escape(visible(f"{question.ask}{hint}"))

    def _problem(self, name: str, answer: str) -> str | None:
        if not answer:
            return "This one is required."
        if not answer.isprintable():
            return "That contains characters that can't be typed. Copy it again."
        return setup.problem_with(name, answer)

    def _known(self) -> dict[str, str]:
        """What is set and can be used."""
        texts = collect(tuple(setup.NAMES), self._environ, self._file.path).values
        return {n: text for n, text in texts.items() if setup.problem_with(n, text) is None}

    def _look(self, step: Step) -> list[Finding]:
        if not step.checks:
            return []
        examined = setup.examine(self._environ, self._file.path)
        with self._console.status("Trying it ..."):
            return asyncio.run(look(examined, only=step.checks, entra_token=self._entra_token))

    def _say(self, text: str) -> None:
        self._console.print(Text(visible(text)))
