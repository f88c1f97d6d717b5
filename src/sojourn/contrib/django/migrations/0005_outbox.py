"""What delivery goes by: columns that may be NULL, so that no row is rewritten, and two tables.

What was recorded before is delivered to nobody: it is NULL there. The index by route goes: delivery is by subject.
"""

from django.db import migrations, models

import sojourn.contrib.django.fields


class Migration(migrations.Migration):
    dependencies = [
        ("sojourn", "0004_permissions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Lease",
            fields=[
                (
                    "subject",
                    sojourn.contrib.django.fields.ExactField(
                        max_length=255, primary_key=True, serialize=False, verbose_name="subject"
                    ),
                ),
                ("worker", sojourn.contrib.django.fields.ExactField(max_length=64, verbose_name="worker")),
                ("until", models.BigIntegerField(verbose_name="until")),
                ("told", models.TextField(verbose_name="last told")),
                ("used", models.BigIntegerField(verbose_name="used until")),
            ],
            options={
                "verbose_name": "lease",
                "verbose_name_plural": "leases",
                "db_table": "sojourn_lease",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Sink",
            fields=[
                (
                    "name",
                    sojourn.contrib.django.fields.ExactField(
                        max_length=255, primary_key=True, serialize=False, verbose_name="name"
                    ),
                ),
                ("since", models.BigIntegerField(verbose_name="since")),
                ("error", models.TextField(verbose_name="error")),
                ("disabled", models.BigIntegerField(null=True, verbose_name="disabled")),
            ],
            options={
                "verbose_name": "failing sink",
                "verbose_name_plural": "failing sinks",
                "db_table": "sojourn_sink",
                "default_permissions": (),
            },
        ),
        migrations.RemoveIndex(
            model_name="outboxevent",
            name="sojourn_event_route",
        ),
        migrations.AddField(
            model_name="outboxevent",
            name="dead",
            field=models.BigIntegerField(null=True, verbose_name="given up"),
        ),
        migrations.AddField(
            model_name="outboxevent",
            name="due",
            field=models.BigIntegerField(null=True, verbose_name="to be delivered at"),
        ),
        migrations.AddField(
            model_name="outboxevent",
            name="progress",
            field=models.TextField(null=True, verbose_name="progress of delivery"),
        ),
        migrations.AddIndex(
            model_name="outboxevent",
            index=models.Index(fields=["due", "id"], name="sojourn_event_due"),
        ),
        migrations.AddIndex(
            model_name="outboxevent",
            index=models.Index(fields=["subject", "due"], name="sojourn_event_waiting"),
        ),
        migrations.AddIndex(
            model_name="outboxevent",
            index=models.Index(fields=["dead"], name="sojourn_event_dead"),
        ),
        migrations.AddIndex(
            model_name="lease",
            index=models.Index(fields=["used"], name="sojourn_lease_used"),
        ),
    ]
