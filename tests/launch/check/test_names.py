"""Every check can be named: `--only`, `--skip` and `--json` know the same ones."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from launch import check

pytestmark = pytest.mark.unit


def test_every_check_has_its_name_in_the_list() -> None:
    folder = Path(check.__file__).parent
    made = {
        name.value
        for source in folder.glob("*.py")
        for call in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        if call.func.id == "Check" and call.args
        if isinstance(name := call.args[0], ast.Constant)
    }
    assert len(made) > 20
    assert made <= set(check.NAMES)
    assert len(set(check.NAMES)) == len(check.NAMES)
