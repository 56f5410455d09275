"""A draft is published once somebody else has approved it."""

from wagtail.models import Page, Revision

from pgworkflows import ApprovalOutcome, describe_subject, request_approval, step, workflow
from tests.wagtail.models import Article

# Not the tree's bookkeeping, such as `numchild`, which a new child page changes.
describe_subject(Article, snapshot=("title", "slug", "body"))


@workflow
def publish_draft(revision_id: int) -> str:
    outcome = request_approval("Publish", groups=["Moderators"])
    if not outcome.approved:
        return "turned down"
    return publish(revision_id, outcome)


@step
def publish(revision_id: int, outcome: ApprovalOutcome) -> str:
    outcome.require_unchanged()
    revision = Revision.objects.get(pk=revision_id)
    revision.publish()
    return Page.objects.get(pk=revision.object_id).url_path


@workflow
def confirm_page(page_id: int) -> bool:
    outcome = request_approval("Confirm", groups=["Moderators"])
    return outcome.approved and unchanged(outcome)


@step
def unchanged(outcome: ApprovalOutcome) -> bool:
    outcome.require_unchanged()
    return True
