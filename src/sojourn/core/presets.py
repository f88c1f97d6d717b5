"""Named policies after the standards, to start from; each value's source stands beside it."""

from sojourn.core.errors import ConfigurationError
from sojourn.core.policy import Limit, Overflow, Policy
from sojourn.core.timeouts import DAY, HOUR, MINUTE, Timeouts

PRIVILEGED = "privileged"
"""The group of subjects with administrative rights; Django's shell puts staff and superusers into it."""

PRESETS: dict[str, Policy] = {
    # NIST SP 800-53 AC-10 as FedRAMP sets it: three sessions for privileged accounts, two for all others.
    # AC-12 leaves the condition to the organisation; 15 minutes is AC-11's value for the device lock.
    "fedramp": Policy(
        limits=(
            Limit(3, groups=frozenset({PRIVILEGED}), name="FedRAMP AC-10, privileged accounts"),
            Limit(2, exempt=frozenset({PRIVILEGED}), name="FedRAMP AC-10, other accounts"),
        ),
        timeouts=Timeouts(inactivity=15 * MINUTE),
    ),
    # PCI DSS 4.0 requirement 8.2.8: idle for more than 15 minutes asks for authentication again.
    "pci": Policy(timeouts=Timeouts(inactivity=15 * MINUTE)),
    # NIST SP 800-63B-4 section 2.1.3: overall at most 30 days.
    "aal1": Policy(timeouts=Timeouts(absolute=30 * DAY)),
    # NIST SP 800-63B-4 section 2.2.3: overall at most 24 hours, idle at most one hour.
    "aal2": Policy(timeouts=Timeouts(inactivity=HOUR, absolute=DAY)),
    # NIST SP 800-63B-4 section 2.3.3: overall at most 12 hours, idle at most 15 minutes.
    "aal3": Policy(timeouts=Timeouts(inactivity=15 * MINUTE, absolute=12 * HOUR)),
    # Fluid Attacks 062 (concurrent sessions controlled, and both sides told) and 068 (idle at most 5 minutes).
    "fluid": Policy(
        limits=(Limit(1, overflow=Overflow.ASK, name="Fluid Attacks 062"),),
        timeouts=Timeouts(inactivity=5 * MINUTE),
    ),
}


def preset(name: str) -> Policy:
    """The policy called `name`. Raises ConfigurationError, naming those there are, for any other."""
    try:
        return PRESETS[name]
    except KeyError:
        known = ", ".join(sorted(PRESETS))
        raise ConfigurationError(f"There is no preset {name!r}. Choose one of: {known}.") from None
