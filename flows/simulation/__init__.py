"""A made-up organisation whose truth is known: git repositories, and tables of what is in them.

    people, agents, timeline   who there is, and what was planted
        -> planning            pull requests: when, by whom, how large, how they end
        -> sizing              sizes that make the planted multiples come out
        -> writing             the repositories, through `git fast-import`
        -> books               what was written, counted by the simulation itself
        -> truth               those counts as tables

Nothing here knows the pipeline: it imports none of its extractors, SQL or estimates, so that a
mistake there cannot hide by being made twice. Equal seeds give equal commits and equal tables.
"""
