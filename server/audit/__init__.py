"""What is stored about listeners, told and searched for: `tonearm privacy audit` and the tables of docs/privacy.md.

`facts` are the terms, `database` and `elsewhere` say what is where, how long and why. `needles` and `shapes` know what
to look for, `search` puts them together, `tables`, `spools` and `files` look, `findings` keeps what they see.
`page` writes what `database` and `elsewhere` say into docs/privacy.md.
"""
