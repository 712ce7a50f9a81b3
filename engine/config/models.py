"""Volume models that a config names: read where they lie, and put into its sections in the place of their names.

So the recipe of a plan holds the model itself, and who approves the plan's digest approves every number in it.
"""

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from engine.config.method_schema import StrategySection
from engine.config.schema import ConfigFile
from engine.kernel.clock import parse_span
from engine.kernel.errors import BadInput, Mistake
from engine.market import volume_model
from engine.market.volume_model import VolumeModel

USERS = ("vwap", "dynamic_vwap")


def loaded(folder: Path, file: ConfigFile) -> tuple[ConfigFile, list[Mistake], list[Mistake]]:
    """The file with its models, those which can't be read, and those which do not fit where they are named."""
    unread: list[Mistake] = []
    unfit: list[Mistake] = []

    def filled(strategy: StrategySection, where: str) -> StrategySection:
        if not strategy.model or strategy.schedule not in USERS:
            return strategy
        try:
            model = _read(folder / strategy.model, f"{where}.model")
        except BadInput as error:
            unread.extend(error.mistakes)
            return strategy
        unfit.extend(Mistake(f"{where}.model", what) for what in _misfits(model, strategy, file))
        return replace(strategy, model=model.text)

    strategies = {asset: filled(each, f"strategies.{asset}") for asset, each in file.strategies.items()}
    return replace(file, strategy=filled(file.strategy, "strategy"), strategies=strategies), unread, unfit


def _read(path: Path, where: str) -> VolumeModel:
    try:
        return volume_model.read(path.read_bytes(), where)
    except OSError as error:
        raise BadInput([Mistake(where, f"{path} can't be read: {error.strerror}")]) from error


def _misfits(model: VolumeModel, strategy: StrategySection, file: ConfigFile) -> Iterator[str]:
    if parse_span(model.window) != parse_span(strategy.window):
        yield f"was learned for a window of {model.window}, and this one is {strategy.window}"
    if strategy.slices is not None and model.slices != strategy.slices:
        yield f"was learned for {model.slices} slices, and here are {strategy.slices}"
    if file.programme is not None:
        yield (
            "counts hours of the day, and a programme stops the schedule's clock at some of them; "
            "without a model, vwap takes a curve of the open hours"
        )
