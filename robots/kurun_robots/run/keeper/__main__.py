"""Start the keeper: ``python -I -S __main__.py IMPORT_ROOT WORKER_PID STDOUT_FD STDERR_FD``."""

import sys

if __name__ == "__main__":
    sys.path.append(sys.argv[1])  # -I and -S leave nothing but the standard library

    from kurun_robots.run.keeper.keeper import main

    main(*(int(argument) for argument in sys.argv[2:5]))
