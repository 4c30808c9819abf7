"""Patterns with wildcards, which callers write: those of Like and of the searches."""


def matches_pattern(text: str, pattern: str, *, any_number: str = "%", any_one: str = "_") -> bool:
    """Whether a text fits a pattern with wildcards, as SQL's LIKE finds, without regard to case.

    It takes time in proportion to the product of both lengths at most: a regular expression would not.
    """
    text, pattern = text.casefold(), pattern.casefold()
    place = at = 0
    star, resumed = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == any_number:
            star, resumed, at = at, place, at + 1
        elif at < len(pattern) and (pattern[at] == any_one or pattern[at] == text[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resumed += 1
            at, place = star + 1, resumed
        else:
            return False
    return all(each == any_number for each in pattern[at:])
