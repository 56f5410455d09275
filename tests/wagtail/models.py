"""A page with a StreamField."""

from wagtail.admin.panels import FieldPanel
from wagtail.blocks import CharBlock, RichTextBlock, StructBlock
from wagtail.fields import StreamField
from wagtail.models import Page


class Article(Page):
    body = StreamField(
        [
            ("heading", CharBlock()),
            ("text", RichTextBlock()),
            ("quote", StructBlock([("said", CharBlock()), ("by", CharBlock())])),
        ],
        blank=True,
    )
    content_panels = [*Page.content_panels, FieldPanel("body")]
    template = "press/article.html"
