"""The model says what a program must come to, by hand-made programs."""

import pytest

from proofs.model import balances, expect
from proofs.plan import Plan, Start


def step(kind, at, **options):
    usual = {"tries": 1, "fails": 0, "gives": 0, "undo": None, "undo_fails": 0}
    return {"do": kind, "at": at, **usual, **({"waits": False, "refused": False} if kind == "call" else {}), **options}


def ends(*program, how="python", version=1):
    return expect(Start(number=7, how=how, program=list(program), version=version))


def events(end):
    return [task.events for task in end.tasks]


def test_steps_give_rows_and_results():
    (end,) = ends(step("write", "1", gives=4), step("call", "2", gives=5))
    assert (end.status, end.result) == ("COMPLETED", [4, 5])
    assert end.rows == {("1", "do"): 1}
    assert end.calls["2", "do"].attempts == 1


def test_failed_attempts_are_told():
    (end,) = ends(step("write", "1", tries=4, fails=2), step("call", "2", tries=4, fails=1))
    assert events(end) == [
        ["attempt_failed", "attempt_failed", "task_complete"],
        ["attempt", "attempt_failed", "attempt", "task_complete"],
    ]


def test_failure_undoes_last_first():
    (end,) = ends(step("write", "1", undo="atomic"), step("call", "2", undo="outside", undo_fails=1), {"do": "raise", "at": "3"})
    assert (end.status, end.error) == ("COMPENSATED", "Broken")
    assert [task.name for task in end.tasks[2:]] == ["proofs.call-1-outside.compensation", "proofs.write-1-atomic.compensation"]
    assert end.calls["2", "undo"].compensates == "2"
    assert end.rows == {("1", "do"): 1, ("1", "undo"): 1}


def test_unknown_outcome_is_undone_and_refusal_is_not():
    (lost,) = ends(step("call", "1", fails=1, undo="atomic"))
    (refused,) = ends(step("call", "1", refused=True, undo="atomic"))
    assert (lost.status, refused.status) == ("COMPENSATED", "FAILED")


def test_caught_failure_goes_on():
    (end,) = ends(
        {"do": "try", "at": "1", "body": [step("write", "2", fails=1)], "otherwise": [step("write", "3", gives=8)]},
    )
    assert (end.status, end.result, list(end.rows)) == ("COMPLETED", [8], [("3", "do")])


def test_loops_label_their_turns():
    (end,) = ends({"do": "loop", "at": "1", "times": 2, "body": [step("write", "2")]})
    assert list(end.rows) == [("1[0].2", "do"), ("1[1].2", "do")]


def test_child_left_alone_is_let_go():
    child = {"do": "child", "at": "1", "program": [step("write", "2")], "awaited": False, "meanwhile": []}
    first, second = ends(child)
    assert (first.prefix, first.status) == ("1.", "COMPLETED")
    assert events(second) == [["task_wait", "task_cancel"]]


def test_failed_child_fails_who_asks():
    child = {"do": "child", "at": "1", "program": [{"do": "raise", "at": "2"}], "awaited": True, "meanwhile": []}
    assert [(end.status, end.error) for end in ends(child)] == [("FAILED", "Broken"), ("FAILED", "WorkflowFailed")]


def test_cancel_undoes_where_asked():
    wait = {"do": "cancelled", "at": "2", "compensate": True}
    (undone,) = ends(step("write", "1", undo="atomic"), wait)
    (kept,) = ends(step("write", "1", undo="atomic"), wait | {"compensate": False})
    assert (undone.status, kept.status) == ("CANCELLED", "CANCELLED")
    assert (("1", "undo") in undone.rows, ("1", "undo") in kept.rows) == (True, False)


def test_stuck_compensation_is_mended_and_goes_on():
    steps = [step("write", "1", undo="atomic", undo_fails=4), step("call", "2", undo="outside", undo_fails=4)]
    (end,) = ends(*steps, {"do": "raise", "at": "3"})
    again = ["attempt", "attempt_failed"] * 3 + ["attempt", "task_fail", "task_retry", "attempt", "task_complete"]
    assert (end.status, end.error) == ("COMPENSATED", "Broken")
    assert events(end)[2:] == [again, ["attempt_failed"] * 3 + ["task_fail", "task_retry", "task_complete"]]
    assert (end.calls["2", "undo"].attempts, end.calls["2", "undo"].after_mending) == (4, 1)
    assert (end.rows["1", "mended"], end.rows["2", "mended"]) == (1, 1)


def repair(chosen):
    return {"do": "repair", "at": "2", "chosen": chosen}


def test_person_has_it_tried_again_or_undone():
    (retried,) = ends(step("write", "1", undo="atomic"), repair("retry"), step("write", "3"))
    (undone,) = ends(step("write", "1", undo="atomic"), repair("compensate"), step("write", "3"))
    (caught,) = ends({"do": "try", "at": "1", "body": [repair("retry")], "otherwise": []})
    assert (retried.status, events(retried)[1]) == ("COMPLETED", ["task_fail", "task_retry", "task_complete"])
    assert (undone.status, undone.error) == ("COMPENSATED", "Unsure")
    assert (caught.status, events(caught)) == ("COMPLETED", [["task_fail"]])


def test_two_waits_share_a_correlation():
    share = {"do": "share", "at": "1", "gives": [3, 7]}
    (alone,) = ends(share | {"among": "self"})
    child, parent = ends(share | {"among": "child"})
    assert alone.result == [3, 7]
    assert ([child.result] == [[3]], [child.result] == [[7]], [child.result] == [[4]]) == (True, True, False)
    assert parent.result == [10]


@pytest.mark.parametrize(("how", "rows"), [("kept", ["do", "nested"]), ("undone", ["do"]), ("refused", ["do"]), ("fails", [])])
def test_nested_transactions_are_undone_alone(how, rows):
    (end,) = ends({"do": "nest", "at": "1", "how": how})
    assert [kind for _, kind in end.rows] == rows


def test_rolled_back_start_expects_nothing():
    assert ends(step("write", "1"), how="undone") == []


def test_new_version_has_its_step():
    (end,) = ends(version=2)
    assert list(end.rows) == [("release", "do")]


def test_transfers_keep_the_sum():
    accounts = balances([end for start in Plan(seed=1, workflows=300).starts() for end in expect(start)])
    assert any(accounts.values())
    assert sum(accounts.values()) == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_same_seed_gives_same_plan(seed):
    assert Plan(seed=seed, workflows=50).starts() == Plan(seed=seed, workflows=50).starts()
    assert Plan(seed=seed, workflows=50).starts() != Plan(seed=seed + 2, workflows=50).starts()


def test_one_program_is_the_same_in_any_plan():
    assert Plan(seed=5, workflows=50).starts()[30] == Plan(seed=5, workflows=1, first=30).starts()[0]


def test_plans_use_everything():
    from proofs.programs import WEIGHTS, every

    used = {node["do"] for start in Plan(seed=1, workflows=400).starts() for node in every(start.program)}
    assert used == {*WEIGHTS, "cancelled"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_plan_leaves_a_kind_to_chance(seed):
    from proofs.programs import SAMPLES

    starts = Plan(seed=seed, workflows=len(SAMPLES)).starts()
    for sample, start in zip(SAMPLES, starts, strict=True):
        assert all(any(given.items() <= node.items() for node in start.program) for given in sample)
        assert start.how != "undone"
    assert {start.priority for start in starts} == {-10, 0, 10}
    assert any(start.delay for start in starts)


def misdeed(how):
    return {"do": "misdeed", "at": "2", "how": how}


def test_misdeeds_cost_their_own_workflow():
    (raw,) = ends(misdeed("raw-cursor"))
    (late,) = ends(misdeed("call-overruns"))
    (blocked,) = ends(step("write", "1", undo="atomic"), misdeed("hangs"), step("write", "3"))
    assert (raw.status, list(raw.rows), raw.misdeeds) == ("COMPLETED", [("2", "do")], ["raw-cursor"])
    assert (late.status, late.error, list(late.calls)) == ("FAILED", "WaitTimeout", [("2", "do")])
    assert (blocked.status, blocked.error, list(blocked.rows)) == ("CANCELLED", "RuntimeError", [("1", "do")])
