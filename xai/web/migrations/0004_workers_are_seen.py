from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("web", "0003_jobs_measure_faithfulness"),
    ]

    operations = [
        migrations.CreateModel(
            name="Worker",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("worker", "Worker"), ("housekeeping", "Housekeeping")],
                        max_length=12,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("host", models.CharField(max_length=200)),
                ("pid", models.IntegerField()),
                ("started", models.DateTimeField()),
                ("seen", models.DateTimeField()),
                (
                    "shards",
                    models.BigIntegerField(default=0, help_text="Computed since it started."),
                ),
                ("seconds", models.FloatField(default=0.0, help_text="Spent on them.")),
                (
                    "evaluations",
                    models.BigIntegerField(default=0, help_text="Of models, since it started."),
                ),
                (
                    "rate",
                    models.FloatField(default=0.0, help_text="Evaluations per second, lately."),
                ),
            ],
            options={
                "ordering": ("host", "name"),
                "constraints": [
                    models.UniqueConstraint(fields=("name", "host"), name="one_worker_per_name")
                ],
            },
        ),
    ]
