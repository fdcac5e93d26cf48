"""Plans in which what AWS will decide stands as a symbol that says whose attribute it is.

`provider.py` needs gRPC, which takes longer to load than kept plans: whoever
makes a plan imports it then.
"""
