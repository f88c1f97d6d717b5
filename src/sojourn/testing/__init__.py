"""For tests of Sojourn, of a store, or of a site that uses Sojourn.

`conformance` and `machine` are what every store must pass; `races` runs real processes against one another;
`broken` is what they must find; `clock` and `pytest_plugin` are for an adopter's own tests. `conformance`,
`machine` and `pytest_plugin` need pytest and Hypothesis, the others the standard library only.
"""
