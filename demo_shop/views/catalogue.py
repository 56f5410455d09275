"""What there is to buy."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from demo_shop.models import Product

PRODUCTS_A_PAGE = 24


@require_GET
def show_products(request: HttpRequest) -> HttpResponse:
    """Show all products, some to a page."""
    pages = Paginator(Product.objects.order_by("name", "pk"), PRODUCTS_A_PAGE)
    return render(request, "demo_shop/products.html", {"page": pages.get_page(request.GET.get("page"))})
