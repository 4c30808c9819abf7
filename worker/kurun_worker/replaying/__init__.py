"""Holding workflows to histories that they have made: would what runs today survive this code?"""

from kurun_worker.replaying.engine_histories import Wanted, fetch
from kurun_worker.replaying.history_files import read_files, save
from kurun_worker.replaying.report import Report
from kurun_worker.replaying.verdicts import Recorded, Rehearsal, Verdict

__all__ = ["Recorded", "Rehearsal", "Report", "Verdict", "Wanted", "fetch", "read_files", "save"]
