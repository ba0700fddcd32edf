"""How a worker begins and ends: with its supervisor, whatever an app leaves running."""
import faulthandler
import os
import sys
from _signal import SIGINT, SIGUSR1, getsignal, signal

_PR_SET_PDEATHSIG = 1
_SIGKILL = 9


def _pass_over(_number, _frame):
    pass


def prepare_signals():
    """
    Ctrl-C is the driver's affair; SIGUSR1 says that the block is about to end, for an app that wants to know.
    Handlers, and not SIG_IGN, which everything that an app starts would inherit.
    """
    signal(SIGINT, _pass_over)
    signal(SIGUSR1, _pass_over)
    if sys.stderr is not None:
        # Native code that crashes leaves a traceback in stderr; the process still dies of the signal.
        faulthandler.enable()


def forget_handler():
    """An app's own handler of SIGUSR1 is not for the next task."""
    if getsignal(SIGUSR1) is not _pass_over:
        signal(SIGUSR1, _pass_over)


def follow_supervisor():
    """Dies with it even where an app never returns. Where setpriv has seen to that, ctypes is not worth its start-up time."""
    if os.environ.get('FLOTILLA_PDEATHSIG') == '1' or not sys.platform.startswith('linux'):
        return
    try:
        from ctypes import CDLL
        CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    except Exception:
        # An interpreter without ctypes: the end of the stream is noticed between tasks.
        pass


def leave(code):
    """At once: threads of apps are not waited for."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            # Closed by an app, or nowhere to write to.
            pass
    os._exit(code)
