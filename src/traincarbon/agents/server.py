"""The server of the tools, over standard input and output."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from traincarbon._version import __version__
from traincarbon.agents import schemas
from traincarbon.agents.answers import ANSWERS, Place
from traincarbon.errors import CarbonError
from traincarbon.extras import MissingExtraError
from traincarbon.formatting import clean, json_text

_INSTRUCTIONS = (
    "What a training run of a model costs in time, money, energy, carbon and water. Start with estimate; explain shows how a result was computed. "
    "Numbers may be written as 7B, 1.4T or 0.3..0.5. Results are low, median and high. Nothing here changes a file."
)


class Described(NamedTuple):
    """What an agent reads of a tool."""

    description: str
    arguments: Callable[[], dict[str, object]]


TOOLS: Mapping[str, Described] = {
    "estimate": Described("Estimate time, money, energy, carbon and water of a training run.", schemas.estimate_arguments),
    "compare": Described("Compare hardware, regions and prices for the same work.", schemas.compare_arguments),
    "advise": Described("Find cheaper and cleaner ways to the same goal, with evidence.", schemas.advise_arguments),
    "optimise": Described("Find the best model for a budget, or the cheapest way to a loss.", schemas.optimise_arguments),
    "runs": Described("List the recorded runs, or show one: what it took, what was measured and what is missing.", schemas.runs_arguments),
    "explain": Described("Show how the results of an estimate were computed: formulas, inputs and sources.", schemas.explain_arguments),
}
"""The tools by name."""


def serve(place: Place) -> None:
    """Answer an agent until it closes standard input.

    Raises:
        MissingExtraError: the package ``mcp`` is not installed.
    """
    try:
        import anyio
        import mcp_types as types
        from mcp.server.lowlevel import Server
        from mcp.server.stdio import stdio_server
    except ImportError as error:
        raise MissingExtraError("carbon mcp needs the package mcp, version 2 or newer, which is not installed", extra="mcp") from error

    async def listed(_context: object, _params: object) -> types.ListToolsResult:
        hints = types.ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
        tools = [types.Tool(name=name, description=tool.description, input_schema=tool.arguments(), annotations=hints) for name, tool in TOOLS.items()]
        return types.ListToolsResult(tools=tools)

    async def called(_context: object, params: types.CallToolRequestParams) -> types.CallToolResult:
        text, structured = await anyio.to_thread.run_sync(answer, params.name, params.arguments or {}, place)
        content = [types.TextContent(type="text", text=text)]
        return types.CallToolResult(content=content, structured_content=structured, is_error=structured is None)

    async def run() -> None:
        server: Server[Any] = Server("traincarbon", version=__version__, instructions=_INSTRUCTIONS, on_list_tools=listed, on_call_tool=called)
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(run)


def answer(name: str, arguments: Mapping[str, Any], place: Place) -> tuple[str, dict[str, Any] | None]:
    """Return the JSON that answers a call as text, and the same as an object; of a call that fails the error, and None.

    A list is the value of ``runs`` in the object, as the protocol has objects only.
    """
    if name not in ANSWERS:
        return clean(f"error: unknown tool {name[:60]!r}") + f"\nhint: one of {', '.join(ANSWERS)}", None
    try:
        result = ANSWERS[name](arguments, place)
    except CarbonError as error:
        return "\n".join(clean(line) for line in (f"error: {error}", f"hint: {error.hint}" if error.hint else "") if line), None
    except (OSError, TypeError, ValueError) as error:
        return clean(f"error: {error}"), None
    return json_text(result), {"runs": result} if isinstance(result, list) else result
