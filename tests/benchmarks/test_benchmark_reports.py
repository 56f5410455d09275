"""What a run prints and writes."""

import json
from xml.etree import ElementTree

import pytest

from benchmarks import beside, markdown, plot, report
from benchmarks.figures import OURS, Figure, Key, Results
from benchmarks.workloads import w2_order

ABOUT = {"run": {"command": "python -m benchmarks", "rounds": 2}, "machine": {"processors": 2}}


@pytest.fixture
def results():
    made = Results()
    for number, (ours, django) in enumerate([(200.0, 100.0), (330.0, 110.0)], start=1):
        for subject, value in ((OURS, ours), ("plain Django", django)):
            key = Key(workload="W2", subject=subject, name="orders")
            made.add(number, Figure(key=key, value=value, unit="orders/s"))
    return made


TARGET = "W2 against plain Django, five creates in one atomic()"


def test_figures_are_shown_with_their_ratio(results):
    assert "265 (200 to 330) orders/s" in report.figures_text(results)
    assert report.ratios_text(results).endswith("2.5 (2 to 3)")


def test_missed_target_is_shown_as_missed(results):
    lines = report.targets_text(results, quick=False).splitlines()
    (met,) = [line for line in lines if TARGET in line]
    assert met.startswith("met ")
    results.rounds[Key(workload="W2", subject=OURS, name="orders")] = {1: 99.0}
    (missed,) = [line for line in report.targets_text(results, quick=True).splitlines() if TARGET in line]
    assert missed.startswith("MISSED ")
    assert missed.split()[-1] == "0.99"


def test_json_holds_every_round(results, tmp_path):
    report.write_json(tmp_path / "figures.json", results, ABOUT)
    written = json.loads((tmp_path / "figures.json").read_text())
    (ours,) = [figure for figure in written["figures"] if figure["subject"] == OURS]
    assert ours["rounds"] == {"1": 200.0, "2": 330.0}
    assert written["run"]["command"] == "python -m benchmarks"


def test_page_keeps_what_stands_around_the_results(results, tmp_path):
    page, notes = tmp_path / "docs" / "performance.md", tmp_path / "benchmarks" / "NOTES.md"
    for path in (page, notes):
        path.parent.mkdir()
        path.write_text(f"# Performance\n\n{markdown.BEGIN}\nold\n{markdown.END}\n\nReasons.\n")
    markdown.write(results, ABOUT, tmp_path)
    text = page.read_text()
    assert text.startswith("# Performance\n\n<!--")
    assert text.endswith("-->\n\nReasons.\n")
    assert f"| {TARGET} | ≥ 1 | 2.5 (2 to 3) | met |" in text
    assert "| pgworkflows | exactly once | 265 |" in text
    assert "![The figures as bars](performance.svg)" in text
    assert (tmp_path / "docs" / "performance.svg").exists()
    assert "old" not in text
    assert "| W2 | orders | plain Django | 1 | 105 (100 to 110) | orders/s | 2.5 |" in notes.read_text()


def test_each_is_shown_in_the_best_of_its_setups(results):
    for subject, value in (("DBOS", 600.0), ("DBOS, polling every 20 ms", 25.0), (OURS, 6.0)):
        results.add(1, Figure(key=Key(workload="W3", subject=subject, name="p50"), value=value, unit="ms"))
    results.add(1, Figure(key=Key(workload="W2", subject=w2_order.UNGUARDED, name="orders"), value=900.0, unit="orders/s"))
    shown = {line[0]: line for line in beside.lines(results)}
    assert list(shown) == [OURS, "plain Django", "DBOS"]
    assert (shown[OURS][2], shown[OURS][5], shown["DBOS"][5]) == ("265", "6", "25")


def test_plot_has_a_bar_for_each_subject(results, tmp_path):
    plot.draw(tmp_path / "figures.svg", results)
    drawn = ElementTree.parse(tmp_path / "figures.svg").getroot()
    texts = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["W2: orders of five sequential steps a second, one worker process", OURS, "265", "plain Django", "105"]
