from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("web", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="parent",
            field=models.ForeignKey(
                help_text="The run whose text was edited and explained again; never listed.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="edits",
                to="web.run",
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="is_scratch",
            field=models.BooleanField(
                default=False,
                help_text="Written here for an edited text; never listed, soon deleted.",
            ),
        ),
    ]
