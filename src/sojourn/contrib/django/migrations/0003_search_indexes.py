"""What searching, counting and erasing go by.

On PostgreSQL, sign-ins and touches wait while the indexes of `sojourn_session` are made (some seconds for a million
sessions); requests that only look a session up go on. A site that cannot wait makes the indexes by hand first, with
CREATE INDEX CONCURRENTLY and the names below, and then runs `migrate sojourn 0003 --fake`.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sojourn", "0002_profile_epoch_and_notes")]

    operations = [
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["state", "created", "sid"], name="sojourn_session_started"),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["address"], name="sojourn_session_address"),
        ),
        migrations.RemoveIndex(model_name="session", name="sojourn_session_ended"),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["ended", "end_reason"], name="sojourn_session_ended"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["subject"], name="sojourn_ticket_subject"),
        ),
        migrations.AddIndex(
            model_name="outboxevent",
            index=models.Index(fields=["subject", "at"], name="sojourn_event_subject"),
        ),
    ]
