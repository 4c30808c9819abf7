"""Replaying histories one by one, and saying of each what became of it."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.runtime import Runtime
from temporalio.worker import Plugin, Replayer, UnsandboxedWorkflowRunner

from kurun_worker.definitions import workflow_name
from kurun_worker.reasons import engine_reason, line
from kurun_worker.replaying.raised import raised
from kurun_worker.replaying.requests import Requests
from kurun_worker.sandbox import workflow_runner


@dataclass(frozen=True)
class Recorded:
    """A history and where it comes from.

    Attributes:
        history: The events of one run.
        workflow_type: What the run is of.
        source: How a person finds it again: workflow id and run id, or a file.
        running: Whether it was going on when it was read; then a break would stop a process.
        kept: Whether it is a file, which somebody keeps to hold his code to.
    """

    history: WorkflowHistory
    workflow_type: str
    source: str
    running: bool = False
    kept: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing hangs on it: it ran in the engine, and does so no more."""
        return not self.running and not self.kept


@dataclass(frozen=True)
class Verdict:
    """What became of one history.

    Attributes:
        recorded: The history.
        broken: Why this code does not make the commands of the history; ``None`` if it does.
        served: Whether there is code for its workflow type at all.
        changed: Which of its commands have another input now, and where in it; that breaks nothing.
    """

    recorded: Recorded
    broken: str | None
    served: bool = True
    changed: tuple[str, ...] = ()


class Rehearsal:
    """Workflows that histories are held to.

    Args:
        workflows: Their definitions, beside those that plugins bring.
        plugins: Bring payloads, the codec and more, as for a worker.
        sandbox: Whether they run in the sandbox.
        runtime: Temporal's core; without it the default one.
        data_converter: Without plugins, what reads and writes payloads.
        clean: Hides secrets in the texts of errors.
    """

    def __init__(
        self,
        workflows: Sequence[type],
        *,
        plugins: Sequence[Plugin] = (),
        sandbox: bool = True,
        runtime: Runtime | None = None,
        data_converter: DataConverter = DataConverter.default,
        clean: Callable[[str], str] = str,
    ) -> None:
        self._clean = clean
        self._requests = Requests()
        self._replayer = Replayer(
            workflows=workflows,
            plugins=plugins,
            runtime=runtime,
            data_converter=data_converter,
            workflow_runner=self._requests.seen_by(workflow_runner(None, sandbox=sandbox)),
            unsandboxed_workflow_runner=self._requests.seen_by(UnsandboxedWorkflowRunner()),
        )
        config = self._replayer.config(active_config=True)
        self._converter = config.get("data_converter") or data_converter
        self._served = {workflow_name(each): each for each in config.get("workflows", ())}

    async def replay(self, histories: AsyncIterator[Recorded]) -> AsyncIterator[Verdict]:
        """Replay each history as it comes; no more than one is kept.

        Yields:
            The verdicts, in the order of the histories.
        """
        async for recorded in histories:
            if recorded.workflow_type not in self._served and None not in self._served:
                yield Verdict(recorded, f"no module serves workflow type {recorded.workflow_type}", served=False)
                continue
            yield await self._verdict(recorded)

    async def _verdict(self, recorded: Recorded) -> Verdict:
        self._requests.begin()
        if (failure := await self._failure(recorded)) is not None:
            return Verdict(recorded, failure)
        try:
            broken, changed = await self._requests.compare(recorded.history, self._converter)
        except Exception as error:  # a codec may raise anything, a refusal of the key above all
            return Verdict(recorded, f"what it asked for cannot be read: {line(error)}")
        return Verdict(recorded, broken, changed=changed)

    async def _failure(self, recorded: Recorded) -> str | None:
        async def alone() -> AsyncIterator[WorkflowHistory]:
            yield recorded.history

        async with self._replayer.workflow_replay_iterator(alone()) as results:
            async for result in results:
                error = result.replay_failure
                return None if error is None else self._reason(error, recorded.workflow_type)
        return "Temporal's replay came to no end"

    def _reason(self, error: BaseException, workflow_type: str) -> str:
        if (failure := self._requests.failure) is None:
            return engine_reason(error)
        workflow = self._served.get(workflow_type) or self._served.get(None)
        said = raised(failure, workflow, self._clean)
        # Temporal finds fault with the step alone, where the cause is why the workflow took it.
        return f"{engine_reason(error)}; {said}" if self._requests.ended else said
