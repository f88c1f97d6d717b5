"""What a site says of its users where no signal does."""

from django.contrib.auth.base_user import AbstractBaseUser

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.wiring import control


def privileges_changed(user: AbstractBaseUser) -> None:
    """What `user` may do has changed: the keys of their sessions are renewed at each one's next request.

    Call it in the transaction of the change. Needed only where Django sends no signal and the user row does not show
    it, such as roles in a table of the site's own. Raises StoreError if the store cannot be reached.
    """
    control().privileges_changed(adapter().subject(user))
