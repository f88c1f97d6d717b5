"""What purging goes by to find subjects of whom nothing was of use for long: a column that may be NULL, and its index.

Who has not signed in since is NULL there: nothing of the kind is kept of them yet.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sojourn", "0005_outbox")]

    operations = [
        migrations.AddField(
            model_name="subject",
            name="seen",
            field=models.BigIntegerField(null=True, verbose_name="oldest use of what is known"),
        ),
        migrations.AddIndex(
            model_name="subject",
            index=models.Index(fields=["seen"], name="sojourn_subject_seen"),
        ),
    ]
