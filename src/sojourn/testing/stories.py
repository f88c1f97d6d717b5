"""The cast of the state machine: few subjects, clients and devices, so that they meet often, and many policies."""

from sojourn.core.policy import Counts, Limit, Order, Overflow, Policy, Scope
from sojourn.core.records import Device, DeviceClass
from sojourn.core.timeouts import DAY, HOUR, MINUTE, Timeouts

SUBJECTS = ("ann", "Ann")
CLIENTS = ("web", "api")
DEVICES = (
    Device(),
    Device(DeviceClass.PHONE, "Safari", "iOS", "phone"),
    Device(DeviceClass.COMPUTER, "Firefox", "Windows", "computer"),
    Device(DeviceClass.COMPUTER, "Chrome", "Linux", "second computer"),
    Device(DeviceClass.PHONE, "Chrome", "Android"),
)

HALF_HOUR = Timeouts(inactivity=30 * MINUTE)
WORKDAY = Timeouts(inactivity=HOUR, absolute=12 * HOUR)
MONTH = Timeouts(inactivity=10 * DAY, absolute=30 * DAY)

POLICIES = (
    Policy((Limit(1),), HALF_HOUR),
    Policy((Limit(2, Overflow.REFUSE),), WORKDAY, MONTH),
    Policy((Limit(1, Overflow.ASK),), HALF_HOUR, MONTH),
    Policy((Limit(2, Overflow.ASK),), replace_same_device=False),
    Policy(
        (
            Limit(3, groups=frozenset({"staff"}), order=Order.OLDEST),
            Limit(1, Overflow.REFUSE, exempt=frozenset({"staff"})),
        ),
        WORKDAY,
    ),
    Policy((Limit(1, order=Order.OLDEST, scope=frozenset({Scope.CLIENT})), Limit(2, Overflow.ASK)), HALF_HOUR),
    Policy((Limit(1, order=Order.SOONEST_EXPIRING, counts=Counts.DEVICES),), WORKDAY, MONTH, replace_same_device=False),
    Policy((Limit(2, Overflow.REFUSE, counts=Counts.DEVICES),), WORKDAY, replace_same_device=False),
    Policy(
        (
            Limit(1, device_classes=frozenset({DeviceClass.PHONE})),
            Limit(1, device_classes=frozenset({DeviceClass.COMPUTER}), order=Order.SOONEST_EXPIRING),
            Limit(3, Overflow.REFUSE),
        ),
        HALF_HOUR,
        MONTH,
    ),
    Policy((Limit(2), Limit(1, scope=frozenset({Scope.CLIENT, Scope.DEVICE_CLASS}))), replace_same_device=False),
    Policy((Limit(1), Limit(1, Overflow.REFUSE, clients=frozenset({"api"}))), WORKDAY, report_only=True),
    Policy((), WORKDAY, MONTH),
)
