"""What operators do from a terminal: `manage.py sojourn`, one file an operation."""

from collections.abc import Sequence

from sojourn.contrib.django.operations.base import Operation


def operations() -> Sequence[Operation]:
    """All operations, in the order in which the command's help shows them."""
    from sojourn.contrib.django.operations.delivering import Deliver
    from sojourn.contrib.django.operations.doctor import Doctor
    from sojourn.contrib.django.operations.ending import End
    from sojourn.contrib.django.operations.erasing import Erase
    from sojourn.contrib.django.operations.explaining import Explain
    from sojourn.contrib.django.operations.exporting import Export
    from sojourn.contrib.django.operations.listing import List
    from sojourn.contrib.django.operations.moving import Move
    from sojourn.contrib.django.operations.pausing import Pause, Resume
    from sojourn.contrib.django.operations.policy import PolicyDocument
    from sojourn.contrib.django.operations.purging import Purge
    from sojourn.contrib.django.operations.reporting import Report
    from sojourn.contrib.django.operations.webhook import WebhookOperation

    return (
        List(),
        Explain(),
        End(),
        Pause(),
        Resume(),
        Report(),
        PolicyDocument(),
        Doctor(),
        Deliver(),
        Purge(),
        Export(),
        Erase(),
        Move(),
        WebhookOperation(),
    )
