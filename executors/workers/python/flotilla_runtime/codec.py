"""
Values of apps <-> bodies that start with byte 2. The other half, and the layout, is lib/wire/python/marshal-code.ts.

A plain value is one marshal stream of version 2, which C reads and writes. Everything else is copied into a skeleton of plain values
with `...` where an extra belongs (arrays, datetimes, opaque values), and a table of the extras with their bytes behind it.
"""
import sys
from itertools import chain
from marshal import dumps, loads
from struct import Struct

from . import arrays, opaque
from .problems import Unencodable, Undecodable

PLAIN_HEADER = b'\x02\x00'
_EXTRAS_HEADER = Struct('<BBII')
MARSHAL_VERSION = 2
MAX_DEPTH = 500

SCALARS = frozenset({type(None), bool, int, float, str, bytes})
_CONTAINERS = frozenset({list, dict, set})
_PLAIN = SCALARS | _CONTAINERS
_ROWS = frozenset({list, tuple})
_DICTS_OF_COLLECTIONS = frozenset({'OrderedDict', 'defaultdict', 'Counter'})

_SAMPLE = [None, True, 1, 2**40, -1.5, 'é\ud800', b'x', {'k': {2}}]
_SAMPLE_BYTES = bytes.fromhex('5b080000004e5469010000006c0300000000000000000467000000000000f8bf'
                              '7505000000c3a9eda0807301000000787b75010000006b3c01000000690200000030')


def check_interpreter():
    """:raises RuntimeError: where marshal writes something else than CPython 3.9 to 3.14 do."""
    if dumps(_SAMPLE, MARSHAL_VERSION) != _SAMPLE_BYTES:
        raise RuntimeError('this Python writes marshal version 2 in a way of its own; Flotilla needs CPython 3.9 or later')


def encode(value, root='result'):
    """
    :returns: the body as a list of bytes-like parts.
    :raises Unencodable: naming the path, from `root`, of what cannot travel.
    """
    if type(value) not in SCALARS and not _is_plain(value):
        return _Skeleton(root).encode(value)
    return [PLAIN_HEADER, _dump(value, root)]


def _dump(value, root):
    try:
        return dumps(value, MARSHAL_VERSION)
    except ValueError as error:
        raise Unencodable(root, 'too large: text or bytes of more than 2 GiB (%s)' % error) from None


def name_value(path):
    return format_path('value', path)


def name_argument(path):
    """As JavaScript does when it encodes `[args, kwargs]`."""
    return format_path('kw' if path[:1] == [1] else 'args', path[1:])


def decode(body, name_path=name_value):
    """
    :param name_path: what error messages call the part at a path.
    :raises Undecodable: naming the part that could not be restored.
    """
    if len(body) < 2 or body[0] != 2 or body[1] > 1:
        raise Undecodable('these bytes are not a value of the Python codec: %r...' % bytes(body[:8]))
    if body[1] == 0:
        return loads(body[2:])
    return _decode_with_extras(memoryview(body), name_path)


def _is_plain(value):
    """Whether marshal alone does. Asks for the types of a whole level at a time, in C."""
    level = [value]
    for _ in range(MAX_DEPTH):
        kinds = set(map(type, level))
        if not kinds <= _PLAIN:
            return False
        lists, dicts = [], []
        for container in level:
            kind = type(container)
            if kind is list:
                lists.append(container)
            elif kind is dict:
                dicts.append(container)
            elif kind is set and not SCALARS.issuperset(map(type, container)):
                return False
        if dicts and not SCALARS.issuperset(map(type, chain.from_iterable(dicts))):
            return False
        items = list(chain(chain.from_iterable(lists), chain.from_iterable(map(dict.values, dicts))))
        kinds = set(map(type, items))
        if kinds <= SCALARS:
            return True
        # By identity: in a value that contains itself the levels would grow without end.
        level = list({id(item): item for item in items if type(item) not in SCALARS}.values())
    return False


class _Skeleton:
    """One body with extras in the making."""

    def __init__(self, root):
        self._root = root
        self._path = []
        self._holders = []
        self._modules = {}
        self._extras = []
        self._blobs = []

    def encode(self, value):
        skeleton = _dump(self._build_deep(value), self._root)
        if not self._extras:
            return [PLAIN_HEADER, skeleton]
        modules = [list(module) for module in self._modules]
        table = dumps([modules, self._extras], MARSHAL_VERSION)
        return [_EXTRAS_HEADER.pack(2, 1, len(skeleton), len(table)), skeleton, table] + self._blobs

    def _build_deep(self, value):
        """The walk takes two frames a level, which must not be taken from what the app has left."""
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + 3 * MAX_DEPTH)
        try:
            return self._build(value)
        finally:
            sys.setrecursionlimit(limit)

    def _build(self, value):
        kind = type(value)
        if kind in SCALARS:
            return value
        if kind is list or kind is tuple:
            return self._list(value)
        if kind is dict:
            return self._dict(value)
        if kind is set or kind is frozenset:
            return set(value) if SCALARS.issuperset(map(type, value)) else self._opaque(value)
        return self._build_rare(value, kind)

    def _build_rare(self, value, kind):
        if kind is bytearray or (kind is memoryview and value.format == 'B' and value.ndim == 1):
            return bytes(value)
        array = arrays.describe(value)
        if array is not None:
            return self._extra(['array', array[0], array[1]], array[2])
        module = kind.__module__
        if module == 'numpy':
            plain = arrays.scalar_of(value)
            return plain if type(plain) in SCALARS else self._opaque(value)
        if module == 'datetime' and kind.__name__ == 'datetime' and value.utcoffset() is not None:
            return self._extra(['date', _milliseconds(value)])
        if module == 'collections' and kind.__name__ in _DICTS_OF_COLLECTIONS:
            return self._dict(value)
        if issubclass(kind, tuple) and hasattr(kind, '_fields') and hasattr(kind, '_make'):
            return self._list(value)
        return self._opaque(value)

    def _list(self, items):
        kinds = set(map(type, items))
        if kinds <= SCALARS:
            return list(items)
        if kinds <= _ROWS and SCALARS.issuperset(map(type, chain.from_iterable(items))):
            return list(map(list, items))
        self._enter(items)
        path = self._path
        path.append(0)
        copy = []
        for index, item in enumerate(items):
            path[-1] = index
            copy.append(self._build(item))
        path.pop()
        self._holders.pop()
        return copy

    def _dict(self, items):
        if not SCALARS.issuperset(map(type, items)):
            return self._opaque(items)
        self._enter(items)
        path = self._path
        path.append(None)
        copy = {}
        for key, item in items.items():
            path[-1] = key
            copy[key] = self._build(item)
        path.pop()
        self._holders.pop()
        return copy

    def _enter(self, holder):
        for depth, above in enumerate(self._holders):
            if above is holder:
                raise Unencodable(self._where(), 'a cycle (it is %s again)' % format_path(self._root, self._path[:depth]))
        if len(self._holders) >= MAX_DEPTH:
            raise Unencodable(self._where(), 'nested deeper than %d levels' % MAX_DEPTH)
        self._holders.append(holder)

    def _opaque(self, value):
        try:
            kind, text, modules, data = opaque.dump(value)
        except Exception as error:
            seen = 'of type %s, which Python cannot pickle: %s: %s' % (opaque.type_name(type(value)), type(error).__name__, error)
            raise Unencodable(self._where(), seen) from error
        indices = [self._modules.setdefault(module, len(self._modules)) for module in modules]
        return self._extra(['python', kind, text, indices], data)

    def _extra(self, fields, blob=b''):
        self._extras.append([list(self._path)] + fields + ([len(blob)] if fields[0] != 'date' else [0]))
        self._blobs.append(blob)
        return ...

    def _where(self):
        return format_path(self._root, self._path)


def format_path(root, keys):
    return root + ''.join('[%r]' % (key,) for key in keys)


def _milliseconds(moment):
    from datetime import datetime, timedelta, timezone
    return (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)


def _decode_with_extras(body, name_path):
    _, _, skeleton_bytes, table_bytes = _EXTRAS_HEADER.unpack_from(body, 0)
    table_start = _EXTRAS_HEADER.size + skeleton_bytes
    at = table_start + table_bytes
    value = loads(body[_EXTRAS_HEADER.size:table_start])
    modules, extras = loads(body[table_start:at])
    for path, kind, *fields, size in extras:
        try:
            extra = _restore(kind, fields, body[at:at + size], modules)
        except Exception as error:
            raise Undecodable('%s cannot be restored (%s): %s: %s' % (name_path(path), kind, type(error).__name__, error)) from error
        at += size
        if not path:
            return extra
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = extra
    return value


def _restore(kind, fields, data, modules):
    if kind == 'array':
        return arrays.restore(fields[0], fields[1], data)
    if kind == 'bytes':
        return bytes(data)
    if kind == 'python':
        return opaque.load(data, [modules[index] for index in fields[2]])
    from datetime import datetime, timedelta, timezone
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=fields[0])
