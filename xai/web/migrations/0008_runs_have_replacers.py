from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("web", "0007_jobs_make_strategies"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="replacer",
            field=models.ForeignKey(
                help_text="The masked language model that lends words to a method.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="web.upload",
            ),
        ),
    ]
