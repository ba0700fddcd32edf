"""
Values that lie in files instead of in messages. Layout of references: StoredValue in lib/task-spec.ts.
"""
import os

from . import codec, msgpack
from .problems import Undecodable, Unencodable

_STORED_TAG = b'\x03'
MAX_INLINE_BYTES = (1 << 30) - (1 << 16)
DEFAULT_INLINE_LIMIT = 256 * 1024


class Store:
    def __init__(self, directory, inline_limit):
        """:param directory: None: results always travel inline."""
        self._directory = directory
        self._inline_limit = inline_limit if directory else MAX_INLINE_BYTES

    def fit(self, parts, size):
        """
        :returns: the body as it is, or where it was put if it is large and the store takes it.
        :raises Unencodable: if it is too large for a message and cannot be put anywhere.
        """
        if size <= self._inline_limit:
            return parts
        if not self._directory:
            raise Unencodable('result', '%d bytes long, and no store is there for results beyond %d' % (size, MAX_INLINE_BYTES))
        try:
            key = self._write(parts)
        except OSError as error:
            # A result that there is must not be lost for want of room.
            if size <= MAX_INLINE_BYTES:
                return parts
            raise Unencodable('result', '%d bytes long and cannot be written to the store: %s' % (size, error)) from error
        return [_STORED_TAG + msgpack.packb({'store': 'file', 'key': key, 'size': size})]

    def _write(self, parts):
        os.makedirs(self._directory, exist_ok=True)
        key = os.path.join(self._directory, 'py-' + os.urandom(12).hex())
        unfinished = key + '.part'
        try:
            with open(unfinished, 'xb', buffering=0) as file:
                for part in parts:
                    view = memoryview(part)
                    while view:
                        view = view[file.write(view):]
            os.rename(unfinished, key)
        except OSError:
            _remove(unfinished)
            raise
        return key


def _remove(path):
    try:
        os.unlink(path)
    except OSError:
        # It was never made.
        pass


def substitute(arguments, refs):
    """Puts stored values where they belong. :param arguments: `[args, kwargs]`. :returns: it, or what replaces it."""
    for ref in refs:
        path = ref['at']
        value = _read(ref['value'], path)
        if not path:
            arguments = value
            continue
        holder = arguments
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = value
    return arguments


def _read(stored, path):
    key = stored['key']
    try:
        with open(key, 'rb') as file:
            body = file.read()
    except OSError as error:
        raise Undecodable('%s lies in the store and cannot be read: %s' % (codec.name_argument(path), error)) from error
    if body[:1] == b'\x02':
        return codec.decode(body, lambda inner: codec.name_argument(path + inner))
    if body[:1] == b'\x00':
        return msgpack.unpackb(memoryview(body)[1:])
    tag = body[0] if body else 'none'
    raise Undecodable('%s lies in %s in an encoding that Python does not read (tag %s)' % (codec.name_argument(path), key, tag))
