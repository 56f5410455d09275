"""Where a manager decides about large orders."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from demo_shop.forms import DecisionForm
from pgworkflows import AlreadyDecided, ApprovalExpired, NotAllowed
from pgworkflows.models import Approval

TOO_LATE = (AlreadyDecided, ApprovalExpired, NotAllowed)


@require_GET
@login_required(login_url="admin:login")
def show_approvals(request: HttpRequest) -> HttpResponse:
    """List what waits for this user."""
    pending = Approval.objects.pending().for_user(request.user).select_related("workflow").order_by("pk")
    return render(request, "demo_shop/approvals.html", {"approvals": pending, "form": DecisionForm()})


@require_POST
@login_required(login_url="admin:login")
def decide(request: HttpRequest, approval: int) -> HttpResponse:
    """Approve or reject; a rejection needs a comment."""
    asked = get_object_or_404(Approval.objects.for_user(request.user), pk=approval)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, "To reject an order, say why.")
        return redirect("demo_shop:approvals")
    comment = form.cleaned_data["comment"]
    try:
        if form.cleaned_data["verdict"] == "approve":
            asked.approve(request.user, comment=comment)
        else:
            asked.reject(request.user, comment=comment)
    except TOO_LATE as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{asked.title}: {asked.get_status_display()}.")
    return redirect("demo_shop:approvals")
