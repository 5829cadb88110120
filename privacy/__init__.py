"""Pure rules about what may be derived from a listener: no I/O, no trio, no database, no clock, no randomness.

This is where an audit begins. Whatever is written down about a listener is computed in this package, from arguments
alone. It imports nothing of the project, and nothing outside the standard library but `cryptography` (sealing.py).
In memory alone, the rate limiter, the count of client networks and the crawler check know a network or a User-Agent
again for a while, by a hash whose key is random and dies with the process. An hour is enough; read in this order:

1. modes.py       what may be derived at all: mode x signal -> what is stored where, for how long
2. signals.py     Sec-GPC and DNT: when nothing may be
3. address.py     which client a request came from, as 16 bytes, and how much of that may be used (`network`)
4. pseudonym.py   option A: id -> base -> one pseudonym per target; which ids are accepted
5. token.py       option B: salt, network, User-Agent -> base -> one token per target and day
6. sealing.py     how the pseudonym key and the salt rest in the database

**What is derived, where, from what**

| value           | from                                  | made in           | goes to                               |
| --------------- | ------------------------------------- | ----------------- | ------------------------------------- |
| network         | peer, X-Forwarded-For, Forwarded      | server/events.py  | option B's base; rate limiter, count  |
|                 |                                       |                   | of networks: a keyed hash of it       |
| option A's base | pseudonym key, the client's id        | server/events.py  | the spool, until it is counted        |
| option B's base | salt of the day, network, User-Agent  | server/events.py  | the spool, until it is counted        |
| pseudonym       | option A's base, a target's kind, key | actors/tally.py   | `listener`                            |
| token           | option B's base, a target's kind, key | actors/tally.py   | `listener_day`, until the day closes  |
| tombstone       | option A's base                       | actors/writer.py  | `forgotten`, for two days             |
| sealed key      | secret, nonce, pseudonym key          | server/opening.py | `sealed_key`                          |
| sealed salt     | secret, nonce, salt of the day        | actors/rotator.py | `daily_salt`, until it is replaced    |

**What the rest of the system must never see**

- Behind server/events.py (actors/, the spool, the database): an address, a network, a User-Agent, the client's id.
  `actors.events.Play` has no field for them, which is the whole of the proof.
- In PostgreSQL: a base, the pseudonym key or a salt in the open, the installation's secret in any form.
- Anywhere after its day: the salt. With it gone, a token is 16 bytes that nobody can compute again.
- In log lines, metrics, error pages: any of the above, and pseudonyms and tokens too.

**How to check it.** docs/privacy-vectors.json has inputs and results for every derivation, to be computed again in any
language; tests/unit/test_token.py does it twice, with this package and with SHA-256 alone. The properties claimed in
the docstrings are tests in tests/unit/test_token.py, test_privacy.py and test_address.py. `tonearm privacy audit`
looks at an installation.
"""
