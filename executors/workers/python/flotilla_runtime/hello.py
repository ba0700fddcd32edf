"""What a worker says of itself before anything else."""
import os
import sys

PROTOCOL_VERSION = 3


def describe_self():
    return {
        'protocol': PROTOCOL_VERSION,
        'pid': os.getpid(),
        'kind': 'python',
        'version': '%d.%d.%d' % sys.version_info[:3],
        'executable': sys.executable,
        'numpy': _numpy_version(),
        'memory': _resident_bytes(),
    }


def _resident_bytes():
    """None where there is no /proc."""
    try:
        with open('/proc/self/statm') as statm:
            return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
    except (OSError, ValueError):
        return None


def _numpy_version():
    """From its installation record: importing it takes longer than starting the worker. '' where it has none."""
    for folder in sys.path:
        if folder and os.path.isfile(os.path.join(folder, 'numpy', '__init__.py')):
            return _recorded_version(folder)
    return None


def _recorded_version(folder):
    for name in os.listdir(folder):
        if name.startswith('numpy-') and name.endswith(('.dist-info', '.egg-info')):
            return name[len('numpy-'):].rsplit('.', 1)[0]
    return ''
