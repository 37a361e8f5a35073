"""``carbon mcp`` answers the client of the package ``mcp``, over standard input and output."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

anyio = pytest.importorskip("anyio")
pytest.importorskip("mcp")

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

PLAN = {"params": "7B", "tokens": "1T", "hw": "dgx-h100", "servers": 16}
CALLS = [
    ("estimate", PLAN, ["estimate", "--params", "7B", "--tokens", "1T", "--hw", "dgx-h100", "--servers", "16"]),
    (
        "compare",
        {**PLAN, "region": ["france", "sweden"]},
        ["compare", "--params", "7B", "--tokens", "1T", "--hw", "dgx-h100", "--servers", "16", "--region", "france,sweden"],
    ),
    ("advise", PLAN, ["advise", "--params", "7B", "--tokens", "1T", "--hw", "dgx-h100", "--servers", "16"]),
    ("optimise", {"hw": "dgx-h100", "budget_usd": "1M"}, ["optimise", "--hw", "dgx-h100", "--budget-usd", "1M"]),
    ("runs", {}, ["runs", "list"]),
]


def environment(folder) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "CARBON_STORE": str(folder), "XDG_CONFIG_HOME": str(folder)}


async def answered(folder, calls) -> tuple[list[Any], list[Any]]:
    """Return the tools of a server, and what it answers."""
    server = StdioServerParameters(command=sys.executable, args=["-m", "traincarbon", "mcp"], env=environment(folder))
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        tools = (await session.list_tools()).tools
        return tools, [await session.call_tool(name, given) for name, given in calls]


def test_a_client_gets_what_the_command_line_prints(tmp_path):
    tools, results = anyio.run(answered, tmp_path, [(name, given) for name, given, _ in CALLS])
    assert [tool.name for tool in tools] == ["estimate", "compare", "advise", "optimise", "runs", "explain"]
    assert all(tool.annotations.read_only_hint and tool.input_schema["properties"] for tool in tools)
    for (name, _, words), result in zip(CALLS, results, strict=True):
        done = subprocess.run([sys.executable, "-m", "traincarbon", *words, "--json", "--quiet"], capture_output=True, text=True, env=environment(tmp_path))
        expected = json.loads(done.stdout)
        assert not result.is_error
        assert json.loads(result.content[0].text) == expected
        assert result.structured_content == ({"runs": expected} if name == "runs" else expected)


def test_a_call_that_fails_is_an_error_and_the_next_one_is_answered(tmp_path):
    _, (failed, worked) = anyio.run(answered, tmp_path, [("estimate", {"params": "7B", "token": "1T"}), ("explain", {**PLAN, "result": "water_l"})])
    assert failed.is_error
    assert "did you mean tokens" in failed.content[0].text
    assert list(json.loads(worked.content[0].text)["results"]) == ["water_l"]


def test_nothing_is_written(tmp_path):
    anyio.run(answered, tmp_path / "runs", [("runs", {}), ("estimate", PLAN)])
    assert not (tmp_path / "runs" / "journals").exists()
