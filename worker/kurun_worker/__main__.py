"""``python -m kurun_worker``."""

from kurun_worker.cli import main

if __name__ == "__main__":
    main()
