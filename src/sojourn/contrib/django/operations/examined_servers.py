"""What `doctor` looks at where Valkey or Redis keeps the records: who answers, and whether they lose anything."""

from collections.abc import Iterator

from sojourn.contrib.django.internal import storage
from sojourn.contrib.django.operations.symptoms import Level, Patient, Symptom
from sojourn.stores.redis.address import Address


def reach(patient: Patient, address: Address) -> Iterator[Symptom]:
    """Reachable, what they are, and what is wrong with them: each master of a Cluster."""
    from sojourn.stores.redis.examine import facts, findings

    known = facts(storage.servers(address))
    patient.reached = all(each.unreachable is None for each in known)
    patient.facts["servers"] = [
        " ".join(filter(None, [(each.product or "server").capitalize(), each.version, "at", each.node]))
        for each in known
    ]
    patient.facts["clock_skew_ms"] = max((each.skew for each in known if each.skew is not None), key=abs, default=None)
    for each in findings(known, cluster=address.cluster):
        yield Symptom(Level(each.level), f"doctor.{each.code}", each.message, each.hint)
