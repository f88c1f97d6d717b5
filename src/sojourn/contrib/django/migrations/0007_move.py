"""Who has come from another store: see `sojourn.stores.movable`. Empty but while a site moves to this database."""

from django.db import migrations

import sojourn.contrib.django.fields


class Migration(migrations.Migration):
    dependencies = [("sojourn", "0006_subject_seen")]

    operations = [
        migrations.CreateModel(
            name="Move",
            fields=[
                (
                    "mark",
                    sojourn.contrib.django.fields.ExactField(
                        max_length=64, primary_key=True, serialize=False, verbose_name="mark"
                    ),
                ),
                ("move", sojourn.contrib.django.fields.ExactField(max_length=64, verbose_name="move")),
            ],
            options={
                "verbose_name": "move",
                "verbose_name_plural": "moves",
                "db_table": "sojourn_move",
                "default_permissions": (),
            },
        ),
    ]
