"""The command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from supportd import __version__
from supportd.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


def test_version_names_what_it_stands_on(capsys: pytest.CaptureFixture[str]) -> None:
    """``supportd version`` prints our version and those of the parts that decide; ``--json`` the same as JSON."""
    assert main(["version"]) == 0
    text = capsys.readouterr().out

    assert main(["version", "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["supportd"] == __version__
    assert {"matrix-nio", "SQLAlchemy", "sqlcipher3", "Python"} <= set(found)
    assert text.splitlines()[0] == f"supportd {__version__}"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "The following arguments are required: COMMAND: see supportd --help."),
        (["chekc"], "invalid choice: 'chekc'"),
        (["check", "--fodler", "x"], "--fodler is not understood"),
        (["demo", "--port", "many"], "invalid int value: 'many'"),
    ],
)
def test_wrong_words_get_one_sentence(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A command line that is not understood ends with status 64 and one line that says where to look."""
    with pytest.raises(SystemExit) as caught:
        main(words)

    said = capsys.readouterr().err
    assert caught.value.code == 64
    assert sentence in said
    assert said.count("\n") == 1
    assert "--help" in said


@pytest.mark.parametrize("words", [["plugins", "list"], ["settings", "show", "welcome"], ["rooms", "list"], ["check"], ["run"]])
def test_without_an_installation_the_sentence_names_init(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command that needs an installation says how to make one, with status 78."""
    status = main([*words, "--folder", str(tmp_path / "none")])

    said = "".join(capsys.readouterr())
    assert status == 78
    assert "run supportd init first" in said


def test_json_errors_are_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With ``--json`` an error is an object with its name and its sentence."""
    status = main(["plugins", "list", "--json", "--folder", str(tmp_path)])

    found = json.loads(capsys.readouterr().out)
    assert status == 78
    assert found["error"] == "ConfigurationError"
    assert "run supportd init first" in found["sentence"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"--homeserver": "matrix.example.org"}, "starts with https://"),
        ({"--group": "Thursday Group"}, "small letters, digits and hyphens"),
        ({"--admin": "jo"}, "looks like @jo:example.org"),
        ({"--zone": "London"}, "London is no time zone"),
        ({"--admin-name": ""}, "--admin-name is needed"),
    ],
)
def test_wrong_answers_at_the_beginning_change_nothing(
    changed: dict[str, str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``supportd init`` refuses a wrong answer with one sentence and makes no file."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    given = {
        "--homeserver": "http://127.0.0.1:1",
        "--server-name": "example.org",
        "--group": "thursday",
        "--group-name": "Thursday evenings",
        "--admin": "@jo:example.org",
        "--admin-name": "Jo",
        **changed,
    }

    status = main(["init", "--folder", str(tmp_path / "new"), *(word for pair in given.items() for word in pair)])

    said = capsys.readouterr().err
    assert status == 64
    assert sentence in said
    assert said.count("\n") == 1
    assert not (tmp_path / "new").exists()
