"""Sessions that began before their policy was enforced come under it at their next request."""

from django.contrib.auth.base_user import AbstractBaseUser

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.core.policy import Policy
from sojourn.core.records import Arrival, Session


def keep_up(session: Session, user: AbstractBaseUser) -> Session | None:
    """Hold a live session without timeouts to the policy of today; None if that ends it: it was idle for too long.

    Costs nothing for a session with timeouts. A site's own policy function is asked at most once a touch interval.
    """
    if session.inactivity_timeout is not None or session.expires is not None or session.parent:
        return session
    policy = control().one_policy
    if policy is None:
        if not control().touch_due(session, now()):
            return session
        policy = _policy(session, user)
    return control().keep_up(session, policy)


def _policy(session: Session, user: AbstractBaseUser) -> Policy:
    """The policy for a session as it is: where it is and what its user may be today."""
    arrival = Arrival(
        session.subject,
        client=session.client,
        device=session.device,
        address=session.address,
        place=session.place,
        persistent=session.persistent,
        groups=adapter().groups(user),
        acr=session.acr,
        amr=session.amr,
    )
    return control().policy_for(arrival)
