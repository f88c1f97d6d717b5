"""What the shells for web frameworks share: who is asking, from where, with which cookies. No framework in it."""
