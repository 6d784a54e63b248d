"""The size check names what grew too long and what no longer needs an exception."""

from __future__ import annotations

from tools.check_sizes import FILE_LINES_MAX, FUNCTION_LINES_MAX, complaints


def _function(lines_count):
    return "def grown():\n" + "    pass\n" * (lines_count - 1)


def test_sizes_at_the_limit_pass(tmp_path):
    (tmp_path / "a.py").write_text(_function(FUNCTION_LINES_MAX))
    (tmp_path / "b.lua").write_text("--\n" * FILE_LINES_MAX)
    assert complaints(tmp_path, {}) == []


def test_a_long_file_and_a_long_function_are_named(tmp_path):
    (tmp_path / "a.py").write_text("class Room:\n    " + _function(72).replace("\n", "\n    "))
    (tmp_path / "b.sql").write_text("--\n" * (FILE_LINES_MAX + 1))
    assert [line.partition(": ")[0] for line in complaints(tmp_path, {})] == [
        "a.py::Room.grown",
        "b.sql",
    ]


def test_a_docstring_costs_nothing(tmp_path):
    body = "    pass\n" * (FUNCTION_LINES_MAX - 1)
    (tmp_path / "a.py").write_text('def f():\n    """One.\n\n    Two.\n    """\n' + body)
    assert complaints(tmp_path, {}) == []


def test_generated_code_is_not_measured(tmp_path):
    (tmp_path / "_sync").mkdir()
    (tmp_path / "_sync" / "a.py").write_text("#\n" * (FILE_LINES_MAX + 1))
    assert complaints(tmp_path, {}) == []


def test_a_reason_lets_a_file_pass_and_must_be_needed(tmp_path):
    (tmp_path / "a.py").write_text("#\n" * (FILE_LINES_MAX + 1))
    assert complaints(tmp_path, {"a.py": "a table that is read as a whole"}) == []
    assert complaints(tmp_path, {"a.py": "a table", "b.py": "gone"}) == [
        "b.py: no longer needs its entry in ALLOWED"
    ]
