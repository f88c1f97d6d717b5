"""What the admin asks for of whoever looks at sessions, ends them or pauses sign-ins. Touches no table."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("sojourn", "0003_search_indexes"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="epoch",
            options={"default_permissions": (), "verbose_name": "epoch", "verbose_name_plural": "epochs"},
        ),
        migrations.AlterModelOptions(
            name="outboxevent",
            options={"default_permissions": (), "verbose_name": "event", "verbose_name_plural": "events"},
        ),
        migrations.AlterModelOptions(
            name="session",
            options={
                "default_permissions": ("view",),
                "permissions": (
                    ("end_session", "Can end sessions"),
                    ("end_all_sessions", "Can end all sessions of everybody at once"),
                ),
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
            },
        ),
        migrations.AlterModelOptions(
            name="subject",
            options={
                "default_permissions": (),
                "permissions": (("pause_subject", "Can pause sign-ins and let them go on"),),
                "verbose_name": "subject",
                "verbose_name_plural": "subjects",
            },
        ),
        migrations.AlterModelOptions(
            name="ticket",
            options={
                "default_permissions": (),
                "verbose_name": "pending sign-in",
                "verbose_name_plural": "pending sign-ins",
            },
        ),
    ]
