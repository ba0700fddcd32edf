"""
Exceptions -> WireError (lib/errors/wire-error.ts), packed. Never raises: whatever an exception does when it is looked at, something is told.
"""
import os

from . import opaque
from .msgpack import packb
from .problems import DefinitionProblem, Undecodable, Unencodable

_RUNTIME = os.path.dirname(os.path.abspath(__file__)) + os.sep
_MESSAGE_LIMIT = 64 * 1024
_STACK_LIMIT = 256 * 1024
_MAX_CHAIN = 16
_JSON_SCALARS = (type(None), bool, int, float, str)


def pack_error(error):
    """The WireError of what an app, or something around it, has raised."""
    if isinstance(error, Unencodable):
        return packb(_ours('serialization', 'SerializationError', error, {'path': error.path, 'seen': error.seen}))
    if isinstance(error, Undecodable):
        return packb(_ours('serialization', 'SerializationError', error, {}))
    if isinstance(error, DefinitionProblem):
        return packb(_ours('definition', 'DefinitionError', error, {}))
    return packb(_describe(error, set()))


def pack_missing_outputs(missing):
    # The driver puts it in words.
    return packb({'kind': 'missing-outputs', 'name': 'MissingOutputsError', 'message': '', 'fields': {'missing': missing}})


def _ours(kind, name, error, fields):
    wire = {'kind': kind, 'name': name, 'message': _message(error), 'fields': fields}
    if error.__cause__ is not None:
        wire['cause'] = _describe(error.__cause__, set())
    return wire


def _describe(error, seen):
    seen.add(id(error))
    kind = type(error)
    wire = {'kind': 'python', 'name': kind.__name__, 'message': _message(error), 'stack': _stack(error), 'fields': _fields(error)}
    cause = error.__cause__
    if cause is None and not error.__suppress_context__:
        cause = error.__context__
    if cause is not None and id(cause) not in seen and len(seen) < _MAX_CHAIN:
        wire['cause'] = _describe(cause, seen)
    group = getattr(error, 'exceptions', None)
    if isinstance(group, tuple) and len(seen) < _MAX_CHAIN:
        wire['errors'] = [_describe(one, seen) for one in group if isinstance(one, BaseException) and id(one) not in seen]
    return wire


def _message(error):
    try:
        return str(error)[:_MESSAGE_LIMIT]
    except BaseException as failure:
        return '<the text of this %s cannot be had: %s>' % (type(error).__name__, type(failure).__name__)


def _stack(error):
    try:
        from traceback import format_exception
        return _shorten(''.join(format_exception(type(error), error, _own_frames(error.__traceback__))))
    except BaseException as failure:
        return '<the traceback cannot be had: %s>' % type(failure).__name__


def _own_frames(frames):
    """Without the worker's frames and, for what is raised while a module loads, those of the import system."""
    while frames is not None and _is_runtime(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return frames


def _is_runtime(filename):
    return filename.startswith((_RUNTIME, '<frozen importlib'))


def _shorten(text):
    if len(text) <= _STACK_LIMIT:
        return text
    return '%s\n... %d characters left out ...\n%s' % (text[:_STACK_LIMIT // 2], len(text) - _STACK_LIMIT, text[-_STACK_LIMIT // 2:])


def _fields(error):
    fields = {'type': opaque.type_name(type(error))}
    if isinstance(error, SystemExit) and _is_json(error.code, 2):
        fields['exitCode'] = error.code
    if isinstance(error.args, tuple) and _is_json(error.args, 4):
        fields['args'] = list(error.args)
    attributes = {key: value for key, value in getattr(error, '__dict__', {}).items()
                  if not key.startswith('_') and _is_json(value, 4)}
    if attributes:
        fields['attributes'] = attributes
    return fields


def _is_json(value, depth):
    kind = type(value)
    if kind in _JSON_SCALARS:
        return len(value) <= _MESSAGE_LIMIT if kind is str else kind is not int or -2**63 <= value < 2**63
    if depth == 0 or not isinstance(value, (list, tuple, dict)) or len(value) > 1000:
        return False
    if isinstance(value, dict):
        return all(type(key) is str for key in value) and all(_is_json(item, depth - 1) for item in value.values())
    return all(_is_json(item, depth - 1) for item in value)
