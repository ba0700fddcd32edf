"""
What a task sees of the process and may change: directory, environment, output. Nothing of it shows in the next task.

Comparing both environments costs as much as a short task, so an audit hook sets a flag when something changes, and only then is it put back.
"""
import os
import sys

from .output import Output
from .problems import DefinitionProblem

_OWN_KEYS = frozenset({'FLOTILLA_TASK_ID', 'FLOTILLA_TRY'})


class Surroundings:
    def __init__(self):
        self._environ = os.environ
        self._base = dict(os.environ)
        self._home = os.getcwd()
        self._task_prefix = os.environ.get('FLOTILLA_RUN_ID', '') + '.'
        self._try = None
        self._env_changed = False
        self._directory_changed = False
        self._output = Output()
        sys.addaudithook(self._watch)

    def _watch(self, event, _args):
        if event == 'os.putenv' or event == 'os.unsetenv':
            self._env_changed = True
        elif event == 'os.chdir':
            self._directory_changed = True

    def begin(self, task_id, try_number):
        """
        Before every task.
        :raises DefinitionProblem: if the process cannot be put back into the state that tasks start in.
        """
        if self._env_changed or self._directory_changed or os.environ is not self._environ:
            # A thread of an earlier task has done that.
            self._put_back()
        self._environ['FLOTILLA_TASK_ID'] = self._task_prefix + str(task_id)
        if try_number != self._try:
            self._environ['FLOTILLA_TRY'] = str(try_number)
            self._try = try_number
        self._env_changed = False

    def enter(self, context):
        """
        :param context: a TaskContext, see lib/task-spec.ts.
        :raises DefinitionProblem: naming what the task cannot be given.
        """
        if 'stdout' in context or 'stderr' in context:
            self._redirect(context.get('stdout'), context.get('stderr'))
        sandbox = context.get('sandbox')
        directory = sandbox or context.get('cwd')
        try:
            if sandbox:
                os.makedirs(sandbox, exist_ok=True)
            if directory:
                os.chdir(directory)
        except OSError as error:
            remedy = '' if sandbox else "; make it first, or name another with 'cwd'"
            raise DefinitionProblem(
                'the directory of the task, %s, cannot be entered: %s%s' % (directory, error.strerror, remedy)) from error
        env = context.get('env')
        if env:
            self.change_environment(env)

    def _redirect(self, stdout, stderr):
        try:
            self._output.redirect(stdout, stderr)
        except OSError as error:
            raise DefinitionProblem('stdout or stderr of the task cannot be opened: %s' % error) from error

    def change_environment(self, changes):
        """:param changes: None as a value removes the variable."""
        for key, value in changes.items():
            if value is None:
                self._environ.pop(key, None)
            else:
                self._environ[key] = value

    def leave(self):
        """After every task."""
        self._output.restore()
        if self._env_changed or self._directory_changed or os.environ is not self._environ:
            try:
                self._put_back()
            except DefinitionProblem:
                # The flag is still set: the next task is told, by `begin`.
                pass

    def _put_back(self):
        if os.environ is not self._environ:
            os.environ = self._environ
        if self._env_changed:
            self.change_environment(environment_changes(self._environ, self._base))
            self._try = None
            self._env_changed = False
        if self._directory_changed:
            try:
                os.chdir(self._home)
            except OSError as error:
                raise DefinitionProblem('the worker cannot return to the directory that it was started in: %s' % error) from error
            self._directory_changed = False


def environment_changes(before, after):
    """:returns: what to give `change_environment` to get from one to the other."""
    changes = {key: None for key in before if key not in after and key not in _OWN_KEYS}
    changes.update((key, value) for key, value in after.items() if key not in _OWN_KEYS and before.get(key) != value)
    return changes
