"""The app of the tests: its address and its token."""

TOKEN = "a-token-of-the-tests"
URL = "http://127.0.0.1:8765"
PLAN = {"params": "7B", "tokens": "1T", "hw": "dgx-h100"}
EVIL = {
    "script": '<script>alert(1)</script><img src=x onerror="alert(1)">',
    "quotes": "a\"b'c`d\\e{{7*7}}{% raw %}",
    "right to left": "\u202eabc שלום\u2066",
    "long": "x" * 10_000,
    "controls": "a\x00b\x1b[31mc",
}
"""Texts from outside that must not change a page."""
