"""Who may ask what: rules of routes, and the ways callers are known (operator's session, token, share link, proxy)."""
