"""The rules of Sojourn as pure functions over plain data: standard library only, no I/O, no clock reads."""
