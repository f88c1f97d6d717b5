"""What goes over the wire, and the browsers that send it."""
