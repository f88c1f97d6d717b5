"""An authentication backend as sites write them."""

from typing import Any

from django.contrib.auth.backends import ModelBackend


class OwnBackend(ModelBackend):
    """Has a `get_user` of its own, so nobody but itself can say what it answers."""

    def get_user(self, user_id: Any) -> Any:
        """The user, as Django finds them."""
        return super().get_user(user_id)
