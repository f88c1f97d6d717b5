"""The stores: memory (the model), SQL. None of them knows any policy."""
