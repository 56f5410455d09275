from django.db import migrations
from django.db.models import F

from pgworkflows import StartWorkflowOn


class Migration(migrations.Migration):
    dependencies = [("order", "0001_initial"), ("pgworkflows", "0002_functions_and_guards")]
    operations = [
        StartWorkflowOn("order.Order", "flow.fulfil", on="insert", kwargs={"order_id": F("pk")}, key=F("number")),
    ]
