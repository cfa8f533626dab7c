"""The files of claims, the plans, and that neither knows the other."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from instruments.errors import UnknownName, UsageError
from labctl import paths
from labctl.parametrised import check_names
from labctl.procedures import load_procedure
from labctl.reproduction.papers import REPRODUCTIONS
from labctl.reproduction.planned import seed_of
from labctl.reproduction.rows import needed
from labctl.reproduction.targets import Paper, load_paper
from labctl.sample import load_sample
from tests.sources import ROOT, parsed, python_files

PAPERS = sorted(REPRODUCTIONS)
CLAIMS = {"cogd2022": 35, "cotb2025": 27, "fimtj2026": 41}
SETTINGS_OF = {"cogd2022": "stdp"}
"""Experiment whose settings are named as chosen."""


def source(*names: str) -> str:
    return "".join((ROOT / "labctl" / "reproduction" / f"{name}.py").read_text(encoding="utf-8") for name in names)


def test_every_paper_has_a_file_and_every_file_a_paper() -> None:
    assert sorted(paths.target_files()) == PAPERS


@pytest.mark.parametrize("name", PAPERS)
def test_a_file_has_all_claims_in_order(name: str) -> None:
    paper = load_paper(name)
    assert paper.name == name
    assert [target.id for target in paper.target] == [f"{name}-{n:02d}" for n in range(1, CLAIMS[name] + 1)]


@pytest.mark.parametrize("name", PAPERS)
def test_every_claim_is_measured_or_says_why_not(name: str) -> None:
    reproduction = REPRODUCTIONS[name]
    known = {target.id for target in load_paper(name).target}
    assert set(reproduction.measures) <= known
    for target in load_paper(name).target:
        assert (target.id in reproduction.measures) is not bool(target.out_of_reach), target.id


@pytest.mark.parametrize("name", PAPERS)
def test_what_is_bounded_besides_is_measured(name: str) -> None:
    measuring = {
        "cogd2022": ("cogd2022", "cogd2022_device"), "cotb2025": ("cotb2025",),
        "fimtj2026": ("fimtj2026", "fimtj2026_bits", "fimtj2026_curves"),
    }[name]  # fmt: skip
    words = {node.value for part in measuring for node in ast.walk(ast.parse(source(part)))
             if isinstance(node, ast.Constant) and isinstance(node.value, str)}  # fmt: skip
    wanted = {bound.what for target in load_paper(name).target for bound in target.also}
    assert {what for what in wanted if not what.startswith("pulses of the train, ")} <= words


@pytest.mark.parametrize("name", PAPERS)
def test_parameters_that_were_chosen_are_there(name: str) -> None:
    model = load_sample(paths.sample_files()[name]).model
    assert model is not None
    known = set(model.model_dump()) | set(model.__pydantic_extra__ or {})
    for target in load_paper(name).target:
        assert set(target.parameters) <= known, target.id
        if target.settings:
            assert set(target.settings) <= set(load_procedure(SETTINGS_OF[name]).declared_parameters()), target.id


@pytest.mark.parametrize("name", PAPERS)
def test_a_plan_can_be_run(name: str) -> None:
    reproduction = REPRODUCTIONS[name]
    before: list[str] = []
    for planned in reproduction.plan():
        assert set(planned.after) <= set(before), "a run stands behind those that it needs"
        assert planned.name not in before
        assert (planned.learned is None) == (not planned.after)
        assert planned.sample in paths.sample_files()
        check_names(planned.procedure, planned.parameters, load_procedure(planned.procedure).declared_parameters())
        before.append(planned.name)
    for measure in reproduction.measures.values():
        assert set(measure.needs) <= set(before)
    plan = reproduction.plan()
    assert needed(plan, reproduction.measures.values()) == plan, "no run is for nothing"


def test_runs_that_others_need_are_needed() -> None:
    reproduction = REPRODUCTIONS["cogd2022"]
    found = [planned.name for planned in needed(reproduction.plan(), [reproduction.measures["cogd2022-15"]])]
    assert found == ["align-2nm", "sot-2nm-both-signs"]


def test_each_run_has_a_seed_of_its_own() -> None:
    seeds = {seed_of(seed, planned.name) for seed in (0, 1) for planned in REPRODUCTIONS["cogd2022"].plan()}
    assert len(seeds) == 2 * len(REPRODUCTIONS["cogd2022"].plan())
    assert seed_of(0, "stdp") == seed_of(0, "stdp")


# ---- who knows the claims


def imported(module: str) -> set[str]:
    """Modules of the reproduction that one of them imports, and those that these import."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        tree = parsed(ROOT / "labctl" / "reproduction" / f"{waiting.pop()}.py")
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("labctl.reproduction"):
                rest = (node.module or "").removeprefix("labctl.reproduction").removeprefix(".")
                names = {rest} if rest else {alias.name for alias in node.names}
                waiting += names - found
                found |= names
    return found


@pytest.mark.parametrize("module", ["cogd2022", "cotb2025", "fimtj2026", "running"])
def test_nothing_that_measures_can_see_a_claim(module: str) -> None:
    assert imported(module) & {"targets", "verdicts", "rows", "reproducing", "papers"} == set()
    assert "planned" in imported(module)


def test_no_model_experiment_or_record_reads_the_claims() -> None:
    may = {"labctl/paths.py", "labctl/reproduction/targets.py", "labctl/reproduction/reproducing.py"}
    readers = {
        path for path, tree in python_files(
            "instruments", "simulators", "labctl", "procedures", naming=("target_files", "load_paper", "targets")
        )
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"target_files", "load_paper"})
        or (isinstance(node, ast.Name) and node.id in {"target_files", "load_paper"})
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value == "targets")
    }  # fmt: skip
    assert readers == may
    outside = [path for path, tree in python_files("instruments", "simulators", "procedures", naming=("reproduction",))
               if "reproduction" in ast.dump(tree)]  # fmt: skip
    assert outside == []
    for record in (*paths.sample_files().values(), *paths.station_files().values()):
        assert "targets" not in record.read_text(encoding="utf-8")


# ---- files that do not fit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(paths.target_files()["cotb2025"], tmp_path)
    return tmp_path


def changed(folder: Path, old: str, new: str) -> Path:
    file = folder / "cotb2025.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('tolerance_kind = "abs"', 'tolerance_kind = "about"', "tolerance_kind"),
        ("tolerance = 0.008", "tolerance = -1", "tolerance"),
        ('id = "cotb2025-02"', 'id = "cotb2025-01"', "cotb2025-01 is there twice"),
        ('kind = "calibrated"', 'kind = "predicted"', "cotb2025-01 is predicted"),
        ("schema = 1", "schema = 2", "has schema 2"),
        ('unit = "ohm"', 'units = "ohm"', "unknown key target[1].units"),
    ],
)
def test_a_file_that_does_not_fit_is_told_in_a_sentence(folder: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_paper("cotb2025", changed(folder, old, new))
    assert said in str(caught.value)
    assert "cotb2025.toml" in str(caught.value)


def test_an_order_is_yes_or_no() -> None:
    whole = load_paper("cotb2025").model_dump(by_alias=True)
    whole["target"] = [{**target, "value": 3.0} for target in whole["target"] if target["tolerance_kind"] == "order"]
    with pytest.raises(ValueError, match="is an order"):
        Paper.model_validate(whole)


def test_a_paper_that_is_not_there(folder: Path) -> None:
    with pytest.raises(UnknownName, match=r"there is no paper 'cogd2022' to reproduce; .*there are cotb2025"):
        load_paper("cogd2022", folder)
