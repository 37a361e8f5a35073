"""A group of commands with names and help texts that need no import of the commands."""

import gc
from _signal import SIG_DFL, SIGINT, default_int_handler, getsignal, signal  # type: ignore[import-not-found]  # signal itself imports enum
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from traincarbon.terminal_text import width

_INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended, as in shells."""
_OTHER_SPELLINGS = {"optimize": "optimise"}
"""Spellings of a command that work too."""


class _Context(click.Context):
    """A context whose help fits narrow screens; what makes it is imported when help is asked for."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return the formatter of a help text."""
        from traincarbon.cli.help_format import Formatter

        return Formatter(width=self.terminal_width, max_width=self.max_content_width)


class PlainHelp(click.Command):
    """A command whose option ``--help`` is made without looking for translations, which would import more modules."""

    _plain_help: click.Option | None = None

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option that shows the help, always the same one."""
        names = self.get_help_option_names(ctx)
        if self._plain_help is None and names and self.add_help_option:
            words = "Show this message and exit."
            self._plain_help = click.Option(names, is_flag=True, expose_value=False, is_eager=True, callback=_show_help, help=words)
        return self._plain_help


class LazyGroup(PlainHelp, click.Group):
    """A click group that imports its commands from ``traincarbon.cli.commands`` when they are called."""

    def __init__(self, name: str, *, commands_help: Mapping[str, str], **options: Any) -> None:
        options.setdefault("context_settings", {"help_option_names": ["-h", "--help"], "terminal_width": terminal_width()})
        super().__init__(name, **options)
        self.context_class = _Context
        self.commands_help = commands_help
        self.params.append(
            click.Option(["--version"], is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the version and exit.")
        )

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names of the commands, in the order of the table."""
        return list(self.commands_help)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        """Return the command of that name, importing the module that holds it, or None."""
        if cmd_name not in self.commands_help:
            return None
        command: click.Command = import_module(f"traincarbon.cli.commands.{cmd_name}").command
        for each in (command, *(command.commands.values() if isinstance(command, click.Group) else ())):
            each.context_class = _Context
        gc.freeze()  # what was imported stays
        gc.enable()
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; suggest by meaning for an option that it does not have, and say in a line that somebody interrupted it."""
        if callable(handler := getsignal(SIGINT)) and handler is not default_int_handler:  # from here on, what has begun is cleaned up
            signal(SIGINT, default_int_handler)
        try:
            return super().invoke(ctx)
        except click.NoSuchOption as error:
            raise _without_noise(error) from None
        except KeyboardInterrupt:
            signal(SIGINT, SIG_DFL)  # it is leaving already
            click.echo("carbon: interrupted", err=True)
            ctx.exit(_INTERRUPTED)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that *args* begin with; for an unknown one, suggest the nearest."""
        if args:
            args = [_OTHER_SPELLINGS.get(args[0], args[0]), *args[1:]]
        if args and args[0] not in self.commands_help and not args[0].startswith("-") and not ctx.resilient_parsing:
            from traincarbon.suggestions import nearest

            close = nearest(args[0].lower(), self.commands_help)
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {close[0]!r}?" if close else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's signature
        """Write the list of commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.commands_help.items()))


def _without_noise(error: click.NoSuchOption) -> click.UsageError:
    """Return the error of an unknown option with the option that was meant, if any is likely."""
    from traincarbon.suggestions import meant, note_on

    context = error.ctx
    known = [flag for param in context.command.get_params(context) for flag in param.opts if flag.startswith("--")] if context is not None else []
    if error.option_name.lstrip("-") in known:
        return error
    close = meant(error.option_name, known)
    note = note_on(error.option_name, close)
    meaning = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return click.UsageError(f"No such option {error.option_name!r}.{meaning}{f' {note[0].upper()}{note[1:]}.' if note else ''}", context)


class Ordered(click.Group):
    """A click group that lists its commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names of the commands."""
        return list(self.commands)


def terminal_width(*, most: int = 100) -> int:
    """Return the width of help texts: that of the terminal, or 80 without one; click's own function imports more modules."""
    return min(width(), most)


def _show_help(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001  click's signature
    if value and not ctx.resilient_parsing:
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001  click's signature
    if value:
        from traincarbon._version import __version__

        click.echo(f"carbon {__version__}")
        ctx.exit()
