"""
Values that only Python understands: pickles, with what another worker needs to read them.

A pickle names classes and functions by module. Modules that only exist here (the source of an app, a file outside of the search path)
are attached, and found again by the worker that unpickles: see loader.py.
"""
from . import loader

_PICKLE_PROTOCOL = 5
_REPR_LIMIT = 200


def dump(value):
    """
    :returns: (type, repr, attached modules, pickle)
    :raises Exception: whatever pickle, or the value's own class, has against it.
    """
    from pickle import dumps
    data = dumps(value, _PICKLE_PROTOCOL)
    return type_name(type(value)), short_repr(value), loader.modules_named_in(data), data


def load(data, modules):
    """:param modules: as `dump` gave them."""
    from pickle import loads
    for module in modules:
        loader.remember(*module)
    return loads(data)


def type_name(kind):
    """'complex', 'pandas.core.frame.DataFrame'; classes of an app's own source or file by their name alone."""
    module = kind.__module__
    if module == 'builtins' or loader.is_ours(module):
        return kind.__qualname__
    return '%s.%s' % (module, kind.__qualname__)


def short_repr(value):
    from reprlib import Repr
    shortener = Repr()
    shortener.maxother = shortener.maxstring = _REPR_LIMIT
    try:
        return shortener.repr(value)[:_REPR_LIMIT]
    except Exception as error:
        return '<%s whose repr fails: %s>' % (type(value).__name__, type(error).__name__)
