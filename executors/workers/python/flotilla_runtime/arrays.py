"""
Typed arrays: numpy's where numpy is installed, else those of the standard library. Imports numpy only once an array arrives,
or finds it if the app has imported it.
"""
import sys

_CODES = {'int8': 'b', 'uint8': 'B', 'int16': 'h', 'uint16': 'H', 'int32': 'i', 'uint32': 'I', 'int64': 'q', 'uint64': 'Q',
          'float32': 'f', 'float64': 'd', 'bool': '?'}
DTYPES = frozenset(_CODES) | {'float16'}
_KINDS = {'b': 'int', 'h': 'int', 'i': 'int', 'l': 'int', 'q': 'int', 'B': 'uint', 'H': 'uint', 'I': 'uint', 'L': 'uint', 'Q': 'uint',
          'e': 'float', 'f': 'float', 'd': 'float'}


def restore(dtype, shape, data):
    """
    :param data: bytes in C order, little-endian; copied.
    :returns: numpy.ndarray; without numpy array.array, or a memoryview of `shape` where there is not one dimension.
    """
    numpy = _import_numpy()
    if numpy is None:
        return _restore_standard(dtype, shape, data)
    array = numpy.empty(shape, dtype=dtype)
    if array.size:
        array.reshape(-1).view('u1')[:] = numpy.frombuffer(data, dtype='u1')
    return array


def _import_numpy():
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def _restore_standard(dtype, shape, data):
    from array import array
    if dtype == 'float16':
        from struct import unpack
        flat = array('f', unpack('<%de' % (len(data) // 2), data))
        code = 'f'
    elif dtype == 'bool':
        flat, code = bytearray(data), '?'
    else:
        code = _CODES[dtype]
        flat = array(code)
        flat.frombytes(data)
    # A memoryview cannot have a dimension of length 0.
    if 0 in shape or (len(shape) == 1 and code != '?'):
        return flat
    return memoryview(flat).cast('B').cast(code, shape)


def describe(value):
    """:returns: (dtype, shape, bytes-like) of an array, or None if it is not one of ours, or of a dtype that JavaScript has no array for."""
    kind = type(value)
    if kind is memoryview:
        return _describe_view(value)
    module = kind.__module__
    if module == 'numpy':
        return _describe_numpy(value, kind)
    return _describe_view(memoryview(value)) if module == 'array' and kind.__name__ == 'array' else None


def _describe_numpy(value, kind):
    numpy = sys.modules['numpy']
    if kind is not numpy.ndarray or value.dtype.name not in DTYPES:
        return None
    flat = numpy.asarray(value, dtype=value.dtype.newbyteorder('<'), order='C').reshape(-1)
    return value.dtype.name, list(value.shape), flat.view('u1').data


def _describe_view(view):
    dtype = _dtype_of(view)
    if dtype is None:
        return None
    data = view.cast('B') if view.c_contiguous and view.ndim > 0 and 0 not in view.shape else view.tobytes()
    return dtype, list(view.shape), data


def _dtype_of(view):
    if view.format == '?':
        return 'bool'
    kind = _KINDS.get(view.format)
    return kind and '%s%d' % (kind, 8 * view.itemsize)


def scalar_of(value):
    """:returns: the plain Python number or text that a numpy scalar is, or the value itself."""
    numpy = sys.modules['numpy']
    return value.item() if isinstance(value, numpy.generic) and value.dtype.kind in 'biufSU' else value
