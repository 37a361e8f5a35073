"""Options that several commands share: the fields of a plan, and common ones."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from traincarbon.cli.choice import Choice
from traincarbon.cli.lazy import PlainHelp
from traincarbon.database.load import Database, open_database
from traincarbon.errors import QuantityError
from traincarbon.estimation.fields import Section
from traincarbon.estimation.parse import parse_quantity
from traincarbon.estimation.plan import Plan, overridden
from traincarbon.estimation.plan_fields import CHOICES, FIELDS

C = TypeVar("C", bound=Callable[..., object])
if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    _FileType = click.ParamType[str]
    _ShareType = click.ParamType[float]
else:  # they are generic from click 8.2 on
    _FileType = click.ParamType
    _ShareType = click.ParamType


class _Share(_ShareType):
    """A share, as 0.9 or 90%."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the share that *value* states."""
        if isinstance(value, float):
            return value
        from traincarbon.estimation.units import MEASURES

        try:
            return parse_quantity(value, MEASURES["share"])
        except QuantityError:
            self.fail(f"{value!r} is no share: write 0.9 or 90%.", param, ctx)


SHARE = _Share()
"""The type of an option that is a share."""


class _File(_FileType):
    """The name of a file or folder as it is typed; :class:`click.Path` would look for translations of its own name."""

    name = "path"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG002  click's signature
        """Leave it to the shell to complete the names of files."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


FILE = _File()
"""The type of an option that names a file or folder."""


class _Page(_File):
    """A file for a page: its name may not be that of another format."""

    name = "page"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name."""
        ending = os.path.splitext(os.fspath(value))[1].lower()
        if ending not in ("", ".html", ".htm"):
            self.fail(f"a plot is a page of HTML, not {ending[1:]}: name a file that ends in .html.", param, ctx)
        return str(value)


PAGE = _Page()
"""The type of an option that names a page to write."""


def common_options(command: C) -> C:
    """Add ``--json``, ``--quiet`` and ``--db``."""
    for option in (
        click.option("--db", "db", metavar="DIR", type=FILE, help="Extra hardware_db folder; its entries override the built-in ones."),
        click.option("--quiet", is_flag=True, help="No warnings on stderr."),
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
    ):
        command = option(command)
    return command


def level_option(command: C) -> C:
    """Add ``--level``."""
    return click.option("--level", type=SHARE, metavar="SHARE", default=0.9, show_default=True, help="Confidence level of the intervals.")(command)


def money_option(command: C) -> C:
    """Add ``--money``, for commands that rank by cost."""
    return click.option("--money", type=Choice(["rent", "own"]), help="Rank by the cost to rent or by the cost of ownership.  [default: rent, if known]")(
        command
    )


SECTIONS: dict[str, tuple[str, ...]] = {section.value: tuple(name for name, field in FIELDS.items() if field.section is section) for section in Section}
"""Title to the fields of a plan that stand together in the help."""


class PlanCommand(PlainHelp, click.Command):
    """A command with the options of a plan, which its help lists in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of the plan by section, before or after those of the command, whichever it declares first."""
        records = {param.name or "": _record(param, ctx) for param in self.get_params(ctx) if isinstance(param, click.Option)}
        of_plan = {title: [records[name] for name in names if name in records] for title, names in SECTIONS.items()}
        own = {"Options": [record for name, record in records.items() if name not in FIELDS]}
        for title, rows in (of_plan | own if next(iter(records)) in FIELDS else own | of_plan).items():
            with formatter.section(title):
                formatter.write_dl(rows)


def _record(option: click.Option, ctx: click.Context) -> tuple[str, str]:
    """Return the option as the help shows it: with the first of its other names."""
    flags, help = option.get_help_record(ctx) or ("", "")
    hidden = option.opts[_SHOWN_FLAGS:] if option.name in FIELDS else []
    for flag in hidden:
        flags = flags.replace(f", {flag}", "", 1)
    return flags, help


AXES = ("hw", "region", "rent", "start")
"""Fields that may be given several times to compare their values."""


def plan_options(command: C) -> C:
    """Add the optional PLAN.toml and an option for every field of a plan."""
    return click.argument("plan_file", metavar="[PLAN.toml]", required=False, type=FILE)(_field_options(command))


def axis_options(command: C) -> C:
    """Add an option for every field of a plan; hardware, region, price and start may be repeated or have commas."""
    return _field_options(command, several=AXES)


def _field_options(command: C, *, several: tuple[str, ...] = ()) -> C:
    order = [*several, *(name for name in FIELDS if name not in several)]
    for name, field in ((name, FIELDS[name]) for name in reversed(order)):
        flags = [f"--{spelling.replace('_', '-')}" for spelling in (name, *field.aliases)]
        help = f"{field.help}{f' [{field.unit}]' if field.unit else ''}"
        if name in several:
            words = f" One of {', '.join(CHOICES[name])}." if name in CHOICES else ""
            option = click.option(
                *flags,
                name,
                metavar="YYYY-MM,…" if field.check == "date" else "NAME,…",
                multiple=True,
                callback=_split_at_commas,
                shell_complete=_COMPLETE.get(name),
                help=help + words,
            )
        elif name in CHOICES:
            option = click.option(*flags, name, type=Choice(CHOICES[name], case_sensitive=False), help=help)
        elif name in _NAMES:
            option = click.option(*flags, name, metavar="NAME", shell_complete=_COMPLETE.get(name), help=help)
        else:
            option = click.option(*flags, name, metavar=_METAVARS.get(field.check, "NUMBER"), help=help)
        command = option(command)
    return command


def read_plan(plan_file: str | None, fields: Mapping[str, object]) -> Plan:
    """Return the plan in *plan_file*, or an empty one; *fields* given as options override it."""
    stated = {name: value for name, value in fields.items() if value is not None}
    if plan_file is None:
        return Plan.from_dict(stated)
    return Plan.from_dict(overridden(Plan.read(plan_file).to_dict(), stated))


def ledger_options(command: C) -> C:
    """Add ``--store``, ``--quiet`` and ``--json``."""
    for option in (
        click.option("--store", metavar="DIR", type=FILE, help="Folder of the ledger.  [default: $CARBON_STORE, else your data folder]"),
        click.option("--quiet", is_flag=True, help="No notes on stderr."),
        click.option("--json", "as_json", is_flag=True, help="Print the library's result as JSON."),
    ):
        command = option(command)
    return command


def database(folder: str | None) -> Database:
    """Return the database, with the folder of ``--db`` on top if it is given."""
    return open_database(folder)


_SHOWN_FLAGS = 2
"""Names of an option that the help shows."""
_NAMES = ("hw", "region", "calibration")
_METAVARS = {"text": "TEXT", "date": "YYYY-MM", "share": "SHARE"}


def _split_at_commas(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001  click's signature
    parts = tuple(part.strip() for text in value for part in text.split(",") if part.strip())
    if value and not parts:
        raise click.BadParameter("it is empty")
    return parts


def _complete_hardware(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001  click's signature
    facts = open_database()
    return [id for folder in ("servers", "accelerators") for id in facts.ids(folder) if id.startswith(incomplete.lower())]


def _complete_region(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001  click's signature
    rows = open_database().all_rows("regions")
    return sorted({row["name"] for row in rows if row["name"].startswith(incomplete)} | {row["region"] for row in rows if row["region"].startswith(incomplete)})


_COMPLETE = {"hw": _complete_hardware, "region": _complete_region}
