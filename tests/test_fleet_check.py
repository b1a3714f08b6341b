"""`python -m bot fleet check`: what it prints, and with which status it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.engine import Engine

from bot.__main__ import main

HEAD = "version: 1\ndefaults: {approval: {users: [U0ANNA]}}\n"
WHOLE = "execution_role: 'arn:aws:iam::123456789012:role/x', instance_type: ml.m5.large"


def check(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str], list[str]]:
    path = tmp_path / "fleet.yaml"
    path.write_text(text)
    status = main(["fleet", "check", str(path)])
    told = capsys.readouterr()
    return status, told.out.replace(f"{path}", "F").splitlines(), told.err.replace(f"{path}", "F").splitlines()


def test_file_without_mistakes_is_summed_up(tmp_path, capsys):
    text = f"""{HEAD}endpoints:
  a: {{model_package_group: g, {WHOLE}}}
  b: {{model_package_group: g, {WHOLE}, region: eu-west-1}}
waves: {{w: {{stages: [[a]]}}}}
"""
    assert check(tmp_path, text, capsys) == (0, ["F: 2 endpoints in 2 accounts or regions, 1 wave: no mistakes"], [])


def test_every_mistake_is_told_with_its_line_and_status_2(tmp_path, capsys):
    status, out, err = check(
        tmp_path, f"{HEAD}endpoints:\n  a: {{}}\n  b: {{model_package_group: g, kid: x}}\n", capsys
    )
    assert (status, out) == (2, [])
    assert err == [
        "F:4: endpoints.a.model_package_group: is missing: give model_package_group, or track for AWS Marketplace packages",
        "F:5: endpoints.b.kid: unknown key; did you mean kind?",
    ]


def test_keys_without_effect_are_told_and_are_no_mistakes(tmp_path, capsys):
    text = f"""{HEAD}endpoints:
  a: {{model_package_group: g, {WHOLE}, policy: auto}}
  b: {{model_package_group: g, {WHOLE}, follows: {{endpoint: a}}, watch: {{thresholds: {{mid_stream_error_rate: 1%}}}}}}
  c: {{model_package_group: g}}
waves: {{w: {{stages: [[a], [b]]}}}}
"""
    status, out, _ = check(tmp_path, text, capsys)
    assert status == 0
    assert out == [
        "F: policy: auto has no effect without a manager block: a",
        "F: follows has no effect without a manager block: b",
        "F: follows has no effect between the stages of one wave, whose order and soak decide: b",
        "F: watch.thresholds.mid_stream_error_rate has an effect on kind: streaming only: b",
        "F: deploy could not create these, for want of execution_role, instance_type or both: c",
        "F: 3 endpoints, 1 wave: no mistakes",
    ]


@pytest.mark.parametrize(
    "waves", ["{w: {stages: [[a, b]]}}", "{w: {stages: [[b]]}}", "{w: {stages: [[a]]}, v: {stages: [[b]]}}"]
)
def test_who_follows_an_endpoint_that_no_earlier_stage_of_its_wave_has_is_told_nothing(tmp_path, capsys, waves: str):
    text = f"""{HEAD}manager: {{}}
endpoints:
  a: {{model_package_group: g, {WHOLE}, channel: C0123456789}}
  b: {{model_package_group: g, {WHOLE}, channel: C0123456789, follows: {{endpoint: a}}}}
waves: {waves}
"""
    status, out, err = check(tmp_path, text, capsys)
    assert (status, err) == (0, [])
    assert len(out) == 1


def test_with_a_manager_policies_have_an_effect(tmp_path, capsys):
    text = f"{HEAD}endpoints:\n  a: {{model_package_group: g, {WHOLE}, policy: auto, channel: C0ML}}\nmanager: {{}}\n"
    assert check(tmp_path, text, capsys) == (0, ["F: 1 endpoint: no mistakes"], [])


def test_many_names_are_counted(tmp_path, capsys):
    names = "".join(f"  e{n}: {{model_package_group: g}}\n" for n in range(6))
    _, out, _ = check(tmp_path, f"{HEAD}endpoints:\n{names}", capsys)
    assert out[0].endswith("or both: e0, e1, e2 and 3 others")


def test_file_that_is_not_there_is_told(tmp_path, capsys):
    assert main(["fleet", "check", str(tmp_path / "none.yaml")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_a_queue_that_is_none_and_a_stage_without_endpoints_are_mistakes(tmp_path, capsys):
    text = f"""{HEAD}endpoints:
  a: {{model_package_group: g, {WHOLE}, channel: C0ML}}
manager:
  queue: ftp://x
waves:
  w: {{stages: [[a], []]}}
"""
    _, _, err = check(tmp_path, text, capsys)
    assert err[0].startswith("F:6: manager.queue: “ftp://x” is no URL of an SQS queue")
    assert err[1] == "F:8: waves.w.stages[1]: is empty"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["fleet"], "Usage: python -m bot fleet check|import …"),
        (["fleet", "check", "a.yaml", "b.yaml"], "Usage: python -m bot fleet check [FILE]"),
        (["fleet", "chek"], "Did you mean python -m bot fleet check?"),
        (["promote"], "Usage: python -m bot promote ENDPOINT"),
    ],
)
def test_words_that_make_no_command_get_a_usage_line_and_need_no_settings(words, told, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)  # where no .env is
    assert main(words) == 2
    assert told in capsys.readouterr().err


def test_help_needs_no_settings(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["help", "fleet"]) == 0
    assert "python -m bot fleet check fleet.yaml" in capsys.readouterr().out


def test_slack_has_no_file_to_check_and_says_where_there_is_one():
    engine = Engine()
    taken = engine.type("fleet check")
    assert taken.message is not None
    assert "python -m bot fleet check" in taken.message.text
    assert taken.errand_id is None


def test_terminal_needs_no_settings_for_it(tmp_path):
    """A process of its own, whose environment names the file and nothing else."""
    (tmp_path / "own.yaml").write_text(f"{HEAD}include: [team.yaml]\n")
    (tmp_path / "team.yaml").write_text("endpoints:\n  a: {model_package_group: g, kid: x}\n")
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), "FLEET_FILE": "own.yaml"}
    told = subprocess.run(
        [sys.executable, "-m", "bot", "fleet", "check"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 2
    assert told.stderr == "team.yaml:2: endpoints.a.kid: unknown key; did you mean kind?\n"
