"""Columns that may be NULL, and a table: no row is rewritten, and each statement is done in a moment.

The version before goes on working on these tables, so migrate first and deploy afterwards. The indexes come in a
migration, and so a transaction, of their own: adding a column shuts everybody out of a table until it is committed.
"""

from django.db import migrations, models

import sojourn.contrib.django.fields


class Migration(migrations.Migration):
    dependencies = [("sojourn", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Epoch",
            fields=[
                ("id", models.IntegerField(primary_key=True, serialize=False)),
                ("at", models.BigIntegerField(verbose_name="at")),
            ],
            options={
                "verbose_name": "epoch",
                "verbose_name_plural": "epochs",
                "db_table": "sojourn_epoch",
            },
        ),
        migrations.AddField(
            model_name="session",
            name="end_note",
            field=sojourn.contrib.django.fields.ExactField(max_length=255, null=True, verbose_name="why it was ended"),
        ),
        migrations.AddField(
            model_name="session",
            name="privileges",
            field=sojourn.contrib.django.fields.ExactField(max_length=255, null=True, verbose_name="privileges digest"),
        ),
        migrations.AddField(
            model_name="subject",
            name="profile",
            field=models.TextField(null=True, verbose_name="profile"),
        ),
    ]
