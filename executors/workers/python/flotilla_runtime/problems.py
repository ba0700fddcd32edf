"""What can go wrong around an app rather than in it. Each carries what a person needs to mend it; errors.py puts them on the wire."""


class Unencodable(TypeError):
    """A result that cannot travel."""

    def __init__(self, path, seen):
        super().__init__('the app returned something that cannot travel: %s is %s' % (path, seen))
        self.path = path
        self.seen = seen


class Undecodable(ValueError):
    """Arguments that cannot be had."""


class DefinitionProblem(Exception):
    """The function cannot be had, or the task cannot be given what it asks for."""
