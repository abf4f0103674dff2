"""Runs that are trained once in a process, of which each test takes a copy."""

import shutil
from pathlib import Path
from typing import Any

from support.project import Project

Key = tuple[object, ...]


class TrainedRuns:
    """Trains each config on each table once; a training takes longer than most of what reads its run.

    A run is trained in a folder of its own, so its config.yaml names the table there, which no test changes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs: dict[Key, Path] = {}

    def copy_to(self, project: Project, changes: dict[str, Any] | None = None, **more: Any) -> Path:
        """Write the project's config with changes, and put the run that it and the tables give beside it."""
        config = project.config(changes, **more)
        tables = sorted(path for path in project.folder.iterdir() if path.is_file())
        key = tuple((path.name, path.read_bytes()) for path in tables)
        if key not in self._runs:
            self._runs[key] = self._train(config, tables)
        run = project.folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        return Path(shutil.copytree(self._runs[key], run))

    def _train(self, config: Path, tables: list[Path]) -> Path:
        """Train on copies of the tables and judge the run, as the command does; return its directory."""
        from nnrun.config.loading import load_config
        from nnrun.features.loading import load_dataset
        from nnrun.results.judged_run import judge_run
        from nnrun.training.trainer import train

        folder = self._folder / str(len(self._runs))
        folder.mkdir()
        for path in tables:
            shutil.copy(path, folder)
        dataset = load_dataset(load_config(folder / config.name))
        run = train(dataset, stem="x", path=folder / "run").run
        judge_run(run, dataset)
        return run.path
