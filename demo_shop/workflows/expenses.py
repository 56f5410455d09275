"""From an employee's expense declaration to its payment."""

from demo_shop.models import Declaration
from demo_shop.policies import EXPENSES
from pgworkflows import ApprovalOutcome, request_approval, step, workflow

ENDS = {
    "APPROVED": Declaration.State.PAID,
    "WITHDRAWN": Declaration.State.WITHDRAWN,
}


@workflow
def expense_declaration(number: str, declaration_id: int) -> str:
    """Have a submitted declaration approved, stage after stage and round after round, and pay it; returns its last state."""
    outcome = request_approval(f"Expense declaration {number}", policy=EXPENSES)
    return settle(declaration_id, outcome)


@step
def settle(declaration_id: int, outcome: ApprovalOutcome) -> str:
    """Pay what was approved, exactly that, or note that nothing is paid. Raises SubjectChanged."""
    if outcome.approved:
        outcome.require_unchanged()
    state = ENDS.get(outcome.status, Declaration.State.REJECTED)
    Declaration.objects.filter(pk=declaration_id).update(state=state)
    return str(state)
