"""
MessagePack for envelopes: definitions, contexts and errors. Values of apps go through codec.py.
Layout: https://github.com/msgpack/msgpack/blob/master/spec.md
"""
from struct import error as _StructError, pack as _pack, unpack_from as _unpack_from

_EXT_UNDEFINED = 0
_EXT_BIGINT = 0x42
_EXT_FILE = 0x46


def packb(value):
    out = []
    _write(value, out.append)
    return b''.join(out)


def _write(value, emit):
    if value is None:
        emit(b'\xc0')
    elif value is True:
        emit(b'\xc3')
    elif value is False:
        emit(b'\xc2')
    elif isinstance(value, str):
        # What cannot be UTF-8 (file names in another encoding) is shown escaped rather than lost with its message.
        data = value.encode('utf-8', 'backslashreplace')
        emit(_length(len(data), 0xa0, 31, (0xd9, 0xda, 0xdb)) + data)
    elif isinstance(value, int):
        emit(_integer(value))
    elif isinstance(value, float):
        emit(_pack('>Bd', 0xcb, value))
    elif isinstance(value, dict):
        emit(_length(len(value), 0x80, 15, (None, 0xde, 0xdf)))
        for key, item in value.items():
            _write(key, emit)
            _write(item, emit)
    elif isinstance(value, (list, tuple)):
        emit(_length(len(value), 0x90, 15, (None, 0xdc, 0xdd)))
        for item in value:
            _write(item, emit)
    else:
        raise TypeError('no envelope can hold a ' + type(value).__name__)


def _integer(value):
    if 0 <= value < 128:
        return _pack('B', value)
    if 0 <= value < 2**32:
        return _pack('>BI', 0xce, value)
    if -2**31 <= value < 0:
        return _pack('>Bi', 0xd2, value)
    # 64-bit integers arrive in JavaScript as bigint, which nobody expects of a size or an exit code.
    if -2**53 < value < 2**53:
        return _pack('>Bd', 0xcb, value)
    return _pack('>Bq', 0xd3, value)


def _length(length, fix, fix_limit, codes):
    if length <= fix_limit:
        return _pack('B', fix | length)
    code8, code16, code32 = codes
    if code8 is not None and length < 2**8:
        return _pack('BB', code8, length)
    return _pack('>BH', code16, length) if length < 2**16 else _pack('>BI', code32, length)


def unpackb(data):
    """:raises ValueError: if the bytes are not one whole value."""
    view = memoryview(data)
    try:
        value, end = _read(view, 0)
    except (IndexError, KeyError, TypeError, AttributeError, RecursionError, _StructError) as error:
        # Cut off within a number, a key that no dict can have, a file whose name is no text, nesting without an end.
        raise ValueError('not MessagePack: %s' % error) from None
    if end > len(view):
        raise ValueError('MessagePack is cut off at %d bytes' % len(view))
    return value


_NUMBERS = {0xca: ('>f', 4), 0xcb: ('>d', 8), 0xcc: ('>B', 1), 0xcd: ('>H', 2), 0xce: ('>I', 4), 0xcf: ('>Q', 8),
            0xd0: ('>b', 1), 0xd1: ('>h', 2), 0xd2: ('>i', 4), 0xd3: ('>q', 8)}
_CONSTANTS = {0xc0: None, 0xc1: None, 0xc2: False, 0xc3: True}
_STRINGS = {0xd9: ('>B', 1), 0xda: ('>H', 2), 0xdb: ('>I', 4)}
_BINARIES = {0xc4: ('>B', 1), 0xc5: ('>H', 2), 0xc6: ('>I', 4)}
_LISTS = {0xdc: ('>H', 2), 0xdd: ('>I', 4)}
_MAPS = {0xde: ('>H', 2), 0xdf: ('>I', 4)}
_FIX_EXTS = {0xd4: 1, 0xd5: 2, 0xd6: 4, 0xd7: 8, 0xd8: 16}
_EXTS = {0xc7: ('>B', 1), 0xc8: ('>H', 2), 0xc9: ('>I', 4)}


def _number(view, at, layout):
    form, size = layout
    return _unpack_from(form, view, at)[0], at + size


def _read(view, at):
    code = view[at]
    at += 1
    if code < 0x80:
        return code, at
    if code >= 0xe0:
        return code - 256, at
    if code < 0x90:
        return _read_map(view, at, code & 15)
    if code < 0xa0:
        return _read_list(view, at, code & 15)
    if code < 0xc0:
        return _read_text(view, at, code & 31)
    if code in _CONSTANTS:
        return _CONSTANTS[code], at
    if code in _NUMBERS:
        return _number(view, at, _NUMBERS[code])
    return _read_sized(view, at, code)


def _read_sized(view, at, code):
    if code in _FIX_EXTS:
        return _read_ext(view, at, _FIX_EXTS[code])
    for layouts, reader in ((_STRINGS, _read_text), (_MAPS, _read_map), (_LISTS, _read_list), (_BINARIES, _read_bytes), (_EXTS, _read_ext)):
        if code in layouts:
            length, at = _number(view, at, layouts[code])
            return reader(view, at, length)
    raise ValueError('not MessagePack: code 0x%x' % code)


def _read_text(view, at, length):
    return str(view[at:at + length], 'utf-8', 'surrogatepass'), at + length


def _read_bytes(view, at, length):
    return bytes(view[at:at + length]), at + length


def _read_list(view, at, length):
    items = []
    for _ in range(length):
        item, at = _read(view, at)
        items.append(item)
    return items, at


def _read_map(view, at, length):
    items = {}
    for _ in range(length):
        key, at = _read(view, at)
        items[key], at = _read(view, at)
    return items, at


def _read_ext(view, at, length):
    """The extensions that JavaScript's encoder of plain values uses."""
    code = view[at]
    data = bytes(view[at + 1:at + 1 + length])
    at += 1 + length
    if code == _EXT_UNDEFINED:
        return None, at
    if code == _EXT_BIGINT:
        return int.from_bytes(data, 'big', signed=True), at
    if code == _EXT_FILE:
        return _path_of(unpackb(data)), at
    raise ValueError('MessagePack extension 0x%x means nothing to Python' % code)


def _path_of(url):
    if not url.startswith('file://'):
        return url
    from urllib.parse import unquote
    return unquote(url[len('file://'):])
