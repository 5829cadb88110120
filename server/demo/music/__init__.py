"""The demo's music, made from nothing but arithmetic.

Owns sound: notes, rooms, scores and their rendering to samples. Knows no file, no web page and no catalog. Standard
library only, so that a first start needs no download; speed comes from repeating cycles and mapping over arrays.
"""
