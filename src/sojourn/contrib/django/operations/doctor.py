"""`doctor`: what is wrong with this installation, and what to write."""

import django
from django.core.management.base import CommandError

from sojourn.contrib.django.operations.base import Operation, Options
from sojourn.contrib.django.operations.examination import examine
from sojourn.contrib.django.operations.symptoms import Level, Symptom
from sojourn.contrib.django.operations.terminal import Terminal


class Doctor(Operation):
    """Examines the installation."""

    name = "doctor"
    help = (
        "Say what is wrong with this installation and what to do: the system checks (those for deployment too), the "
        "database or servers, migrations, clocks, a move to another store, session engine, whether the purge runs. "
        "Changes nothing."
    )
    checked = False

    def run(self, terminal: Terminal, options: Options) -> None:  # noqa: ARG002  # it has none
        """See `Operation.run`. Raises CommandError, so that the exit status is 1, if there are errors."""
        facts, symptoms = examine()
        facts = {"django": django.get_version(), **facts}
        errors = sum(symptom.level is Level.ERROR for symptom in symptoms)
        if terminal.as_json:
            terminal.data({"healthy": not errors, "facts": facts, "findings": [_json(each) for each in symptoms]})
        else:
            terminal.table(
                ("WHAT", "IS"), [(name.replace("_", " "), _text(fact)) for name, fact in facts.items()], cut=(1,)
            )
            for each in symptoms:
                terminal.say(f"\n{each.level.upper()} ({each.id})\n{each.text}")
                if each.hint:
                    terminal.say(f"To do: {each.hint}")
            if not symptoms:
                terminal.say("\nNothing is wrong, as far as can be seen from here.")
        if errors:
            raise CommandError(f"{errors} error{'' if errors == 1 else 's'}: sessions are not safe or not served.")


def _json(symptom: Symptom) -> dict[str, str]:
    return {"level": str(symptom.level), "id": symptom.id, "text": symptom.text, "hint": symptom.hint}


def _text(fact: object) -> str:
    if fact is None or fact == []:
        return "none"
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    return ", ".join(map(str, fact)) if isinstance(fact, list) else str(fact)
