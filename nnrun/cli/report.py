"""nnrun report: a run as one HTML page."""

from pathlib import Path

from nnrun.cli.options import check_output, command, output_option, run_argument, save

PAGE_HELP = "The page to write or replace. Default: <RUN's name>.html"


@command("report runs/digits-relu -o report.html")
@run_argument
@output_option(PAGE_HELP)
def report(run: Path, output: Path | None) -> None:
    """Write one HTML page about a RUN, which can be read offline.

    It says first whether the network is any good, then what it goes by, where it fails, what the
    table holds and how it was trained. It names no folder of this machine. Of the folder of a
    sweep, it shows the trials, the metric over each setting, and the curves of the best.
    """
    from nnrun.reporting.page import make_page
    from nnrun.reporting.sweep_page import make_sweep_page
    from nnrun.workflows.kept_sweep import is_sweep, read_sweep

    output = output or Path(f"{run.resolve().name}.html")
    check_output(output, run, (".html", ".htm"))
    page = make_sweep_page(run, read_sweep(run).metric) if is_sweep(run) else make_page(run)
    save(output, page.encode())
