"""`tonearm doctor`: is this installation as it should be, and what to do about what is not.

`examination` looks at everything once and puts the findings in order. A module holds one concern: functions that look
give plain facts, functions that judge make one finding of them and know nothing else, so that a test can give them any
facts. `codes` lists every check. Nothing here changes anything but for one file in the data directory, made to see
whether that can be done and removed at once; nothing here says a secret or an address.
"""
