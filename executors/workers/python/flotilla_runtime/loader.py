"""
Definitions -> callables, and the modules that they live in.

Modules of apps have names that are the same in every worker, so that a pickle that names one can be read in another:
`flotilla_app_<hash of the source>` and `flotilla_file_<hash of the path>`. A finder on sys.meta_path makes them on demand.
"""
import os
import sys
from importlib.machinery import ModuleSpec

from .problems import DefinitionProblem

_SOURCE_PREFIX = 'flotilla_app_'
_FILE_PREFIX = 'flotilla_file_'
_HASH_LENGTH = 24

# Name of the module, or the folder -> (name, kind, app, text): what travels with a pickle.
_known = {}
_filenames = {}


def load(definition):
    """
    :returns: the callable.
    :raises DefinitionProblem: with Python's own error as its cause.
    """
    app, form, function = definition['name'], definition['form'], definition['function']
    module = _import_module(app, form, definition)
    found = module
    for part in function.split('.'):
        found = getattr(found, part, None)
        if found is None:
            raise DefinitionProblem("Python app '%s': %s has no function '%s'. %s" % (
                app, _place(definition), function, _functions_of(module)))
    if not callable(found):
        raise DefinitionProblem("Python app '%s': '%s' in %s is a %s, not a function" % (
            app, function, _place(definition), type(found).__name__))
    return found


def _import_module(app, form, definition):
    name = _module_name(app, form, definition)
    try:
        if form != 'source':
            from importlib import invalidate_caches
            invalidate_caches()
        __import__(name)
    except BaseException as error:
        raise DefinitionProblem("Python app '%s': %s cannot be loaded: %s: %s%s" % (
            app, _place(definition), type(error).__name__, error, _remedy(error, definition))) from error
    return sys.modules[name]


def _module_name(app, form, definition):
    if form == 'source':
        text = definition['source']
        name = _SOURCE_PREFIX + _hash(text)
        remember(name, 'source', app, text)
    elif form == 'file':
        path = definition['path']
        name = _FILE_PREFIX + _hash(path)
        remember(name, 'file', app, path)
        folder = os.path.dirname(path)
        remember(folder, 'directory', app, folder)
    else:
        name = definition['module']
    return name


def _hash(text):
    return _sha256()(text.encode('utf-8', 'surrogatepass')).hexdigest()[:_HASH_LENGTH]


def _sha256():
    """Without hashlib, which loads OpenSSL, where the interpreter has its own: CPython 3.12 and later, and those before."""
    for module in ('_sha2', '_sha256'):
        try:
            return __import__(module).sha256
        except ImportError:
            continue
    from hashlib import sha256
    return sha256


def _place(definition):
    form = definition['form']
    if form == 'source':
        return 'its source'
    return 'file ' + definition['path'] if form == 'file' else "module '%s'" % definition['module']


def _remedy(error, definition):
    python = '%s (Python %d.%d.%d)' % ((sys.executable,) + sys.version_info[:3])
    if isinstance(error, ModuleNotFoundError):
        return (". It was looked for by %s, starting in %s; install it for that interpreter, name another with the option 'python', "
                "or set 'cwd' to the folder that has it" % (python, os.getcwd()))
    if isinstance(error, FileNotFoundError) and definition['form'] == 'file':
        return '. Workers read the file where it lies: it must be on a file system that they share with the script'
    if isinstance(error, SyntaxError):
        return '. %s could not compile it' % python
    return ''


def _functions_of(module):
    names = [name for name, value in vars(module).items()
             if callable(value) and getattr(value, '__module__', None) == module.__name__]
    return 'It defines: %s' % ', '.join(sorted(names)[:20]) if names else 'It defines no function'


def is_ours(module):
    return module.startswith((_SOURCE_PREFIX, _FILE_PREFIX))


def remember(name, kind, app, text):
    """Makes a module importable, or the modules of a folder; imports nothing."""
    if name in _known:
        return
    _known[name] = (name, kind, app, text)
    if kind == 'directory' and text not in sys.path:
        sys.path.append(text)


def modules_named_in(pickled):
    """What another worker needs to read this pickle, as tuples for `remember`."""
    return [module for module in _known.values() if _is_named(module, pickled)]


def _is_named(module, pickled):
    name, kind, _, folder = module
    if kind != 'directory':
        return name.encode() in pickled
    return any(imported.encode('utf-8', 'replace') in pickled for imported in _modules_in(folder))


def _modules_in(folder):
    prefix = folder + os.sep
    for name, module in list(sys.modules.items()):
        if (getattr(module, '__file__', None) or '').startswith(prefix):
            yield name


class _AppFinder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        module = _known.get(name) if is_ours(name) else None
        return module and ModuleSpec(name, _AppLoader(module), origin=module[2])


class _AppLoader:
    """Compiles by itself: a cached .pyc goes by whole seconds, too coarse for a file that was edited a moment ago."""

    def __init__(self, module):
        _, self._kind, self._app, self._text = module

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        if self._kind == 'source':
            filename = _register_source(module.__name__, self._app, self._text)
            exec(compile(self._text, filename, 'exec', dont_inherit=True), module.__dict__)
            return
        with open(self._text, 'rb') as file:
            code = compile(file.read(), self._text, 'exec', dont_inherit=True)
        module.__file__ = self._text
        _run_beside_siblings(code, module, os.path.dirname(self._text))


def _run_beside_siblings(code, module, folder):
    sys.path.insert(0, folder)
    try:
        exec(code, module.__dict__)
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def _register_source(module, app, text):
    """Lets tracebacks and `inspect` show the lines. :returns: the name that they give the file."""
    import linecache
    filename = '<pythonApp %s>' % app
    if _filenames.setdefault(filename, module) != module:
        filename = '<pythonApp %s %s>' % (app, module[len(_SOURCE_PREFIX):][:8])
    # No modification time: linecache never looks for a file.
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    return filename


def install():
    sys.meta_path.append(_AppFinder)
