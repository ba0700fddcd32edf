"""
The loop of a Python worker: tasks in, results out, in order. Owns the layouts of task and result records (lib/wire/records.ts).

The hot path is `_run_batch` and `_run`: a task of all defaults costs a few microseconds there.
"""
import os
from marshal import dumps
from struct import Struct
from time import perf_counter, time

from . import codec, errors, lifetime, loader, msgpack, store
from .hello import describe_self
from .link import DEFINE, HELLO, SHUTDOWN, TASKS, Journal, Limit, Link
from .problems import DefinitionProblem, Undecodable
from .surroundings import Surroundings, environment_changes
from .usage import THRESHOLD_US, Meter

_SUPERVISOR_FD = 3
_OK, _FAILED = 0, 1
_TASK_HEADER = Struct('<IIIHBBIII')
_RESULT_HEADER = Struct('<IIIHBBIdI')
_HAS_USAGE = 1
_BATCH_HEADER = Struct('<II')
_FN_ID = Struct('<I')
_JOURNAL_RECORD_LIMIT = 4096
# Status in the journal of a result that is too large for it: journal.ts.
_PLACE = 0xff
_FLUSH_AFTER_S = 0.0005
_MAX_BUSY_US = 0xffffffff


async def _coroutine():
    pass

_unused = _coroutine()
_COROUTINE = type(_unused)
_unused.close()


class Worker:
    def __init__(self, link, environ):
        journal = environ.get('FLOTILLA_JOURNAL')
        self._link = link
        self._journal = Journal(journal) if journal else None
        limit = environ.get('FLOTILLA_LIMIT')
        self._limit = Limit(limit) if limit else None
        self._rank = int(environ.get('FLOTILLA_WORKER_RANK') or 0)
        self._store = store.Store(
            environ.get('FLOTILLA_STORE') or None, int(environ.get('FLOTILLA_INLINE_LIMIT') or store.DEFAULT_INLINE_LIMIT))
        self._surroundings = Surroundings()
        self._definitions = {}
        self._functions = {}
        self._environments = {}
        self._last_context = (b'', {})
        self._meter = Meter()
        self._is_forked = False

    def run(self):
        """Until the supervisor says so, or is gone."""
        os.register_at_fork(after_in_child=self._let_go)
        for kind, body in self._link.frames():
            if kind == TASKS:
                self._run_batch(body)
            elif kind == DEFINE:
                self._define(body)
            elif kind == SHUTDOWN:
                return
            body = None

    def _let_go(self):
        """In a child that an app forks: the supervisor must see the end of this stream when the worker ends, not when the child does."""
        if self._is_forked:
            return
        self._is_forked = True
        self._link.close()
        if self._journal:
            self._journal.close()
        if self._limit:
            self._limit.close()

    def _define(self, body):
        fn_id = _FN_ID.unpack_from(body, 0)[0]
        self._definitions[fn_id] = msgpack.unpackb(body[_FN_ID.size:])
        self._functions.pop(fn_id, None)
        self._environments.pop(fn_id, None)

    def _run_batch(self, body):
        batch, count = _BATCH_HEADER.unpack_from(body, 0)
        journal = self._journal if count > 1 else None
        limit = self._limit if journal else None
        if journal:
            before = perf_counter()
            journal.begin(batch)
            if limit:
                limit.begin(batch, before)
        at, end, done = _BATCH_HEADER.size, len(body), 0
        pending, pending_bytes = [], 0
        self._meter.begin()
        begun = flushed = perf_counter()
        epoch = time() - begun
        while at < end:
            length, task_id, fn_id, try_number, _, _, context_bytes, _, _ = _TASK_HEADER.unpack_from(body, at)
            arguments_at = at + _TASK_HEADER.size + context_bytes
            next_at = at + 4 + length
            status, parts = self._run(
                fn_id, task_id, try_number, body[arguments_at - context_bytes:arguments_at], body[arguments_at:next_at])
            at = next_at
            now = perf_counter()
            busy_us, flags = int((now - begun) * 1e6), 0
            if busy_us >= THRESHOLD_US:
                parts, flags = [self._meter.end()] + parts, _HAS_USAGE
            size = sum(map(len, parts))
            header = _RESULT_HEADER.pack(
                _RESULT_HEADER.size - 4 + size, task_id, fn_id, try_number, status, flags,
                min(busy_us, _MAX_BUSY_US), (epoch + begun) * 1e3, self._rank)
            size += _RESULT_HEADER.size
            is_large = size > _JOURNAL_RECORD_LIMIT
            if journal and at < end:
                if is_large:
                    is_kept = journal.append(_RESULT_HEADER.pack(
                        _RESULT_HEADER.size - 4, task_id, fn_id, try_number, _PLACE, 0, 0, 0.0, self._rank))
                else:
                    is_kept = journal.append(header + (parts[0] if len(parts) == 1 else b''.join(parts)))
                done += 1
                now = perf_counter()
                # Before the supervisor can have the result: then it may write another limit.
                is_over = not is_kept or (limit is not None and limit.ends_after(done, now))
            else:
                is_over = False
            if is_large and pending:
                self._link.send_results(batch, pending, pending_bytes)
                pending, pending_bytes = [], 0
            pending.append(header)
            pending += parts
            pending_bytes += size
            if is_large or is_over or at >= end or now - flushed > _FLUSH_AFTER_S:
                self._link.send_results(batch, pending, pending_bytes)
                pending, pending_bytes = [], 0
                flushed = now
            if is_over:
                # Without results: no more of this batch.
                self._link.send_results(batch, [], 0)
                return
            begun = now

    def _run(self, fn_id, task_id, try_number, context, encoded):
        """:returns: (status, parts of the body)"""
        surroundings = self._surroundings
        try:
            surroundings.begin(task_id, try_number)
            if context:
                context = self._context(context)
                surroundings.enter(context)
            function = self._functions.get(fn_id)
            if function is None:
                function = self._load(fn_id)
            if fn_id in self._environments:
                surroundings.change_environment(self._environments[fn_id])
            args, kwargs = _arguments(encoded, context)
            result = function(*args, **kwargs)
            del args, kwargs
            if type(result) is _COROUTINE:
                result = _run_coroutine(result)
            if self._is_forked:
                lifetime.leave(0)
            missing = [path for path in context['outputs'] if not os.path.exists(path)] if context and 'outputs' in context else None
            if missing:
                return _FAILED, [errors.pack_missing_outputs(missing)]
            if type(result) in codec.SCALARS and type(result) is not str and type(result) is not bytes:
                return _OK, [codec.PLAIN_HEADER + dumps(result, codec.MARSHAL_VERSION)]
            parts = codec.encode(result)
            return _OK, self._store.fit(parts, sum(map(len, parts)))
        except BaseException as error:
            if self._is_forked:
                # A child that has left the app must not go on as a second worker.
                lifetime.leave(error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 1)
            return _FAILED, [errors.pack_error(error)]
        finally:
            surroundings.leave()
            lifetime.forget_handler()

    def _context(self, packed):
        packed = bytes(packed)
        if packed != self._last_context[0]:
            self._last_context = (packed, msgpack.unpackb(packed))
        return self._last_context[1]

    def _load(self, fn_id):
        """
        Once per worker. What a module does to the environment when it is loaded is done again for each task of the function.
        :raises DefinitionProblem:
        """
        definition = self._definitions.get(fn_id)
        if definition is None:
            raise DefinitionProblem('function %d was never defined on this worker' % fn_id)
        before, directory = dict(os.environ), os.getcwd()
        function = loader.load(definition)
        changes = environment_changes(before, os.environ)
        if changes:
            self._environments[fn_id] = changes
        if os.getcwd() != directory:
            os.chdir(directory)
        self._functions[fn_id] = function
        return function


def _arguments(encoded, context):
    """:raises Undecodable:"""
    try:
        arguments = codec.decode(encoded, codec.name_argument) if encoded else [[], {}]
        if context and 'refs' in context:
            arguments = store.substitute(arguments, context['refs'])
        args, kwargs = arguments
        return args, kwargs
    except Undecodable:
        raise
    except Exception as error:
        raise Undecodable('the arguments cannot be read: %s: %s' % (type(error).__name__, error)) from error


def _run_coroutine(coroutine):
    import asyncio
    return asyncio.run(coroutine)


def main():
    codec.check_interpreter()
    link = Link(_SUPERVISOR_FD)
    worker = Worker(link, os.environ)
    loader.install()
    lifetime.prepare_signals()
    try:
        link.send(HELLO, msgpack.packb(describe_self()))
        lifetime.follow_supervisor()
        worker.run()
    except (BrokenPipeError, ConnectionResetError):
        # The supervisor is gone: there is nobody to tell.
        pass
    lifetime.leave(0)
