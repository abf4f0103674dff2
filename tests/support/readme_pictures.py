"""Make the pictures of the README anew: `python tests/support/readme_pictures.py`.

It runs the commands that the README shows, in a folder of its own, and takes pictures of the terminal and of
the page that `report` writes. It needs Chromium and Pillow.
"""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
COMMANDS = (
    "nnrun init configs/diabetes.csv --target progression -o patients.yaml",
    "nnrun train patients.yaml",
    "nnrun predict runs/patients configs/diabetes.csv --keep age | head -4",
)
REPORT = "nnrun report runs/patients -o report.html"
COLUMNS = 100  # of the terminal: its letters are still read where a forge shows the README
REPORT_SIZE = (1000, 1045)  # to below the first pictures of the page
COLOURS = 64  # text and lines need no more, and a picture is a third as large


def main() -> None:
    """Run the commands and write both pictures."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "configs", folder / "configs")
        terminal = Console(record=True, width=COLUMNS, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
        for command in COMMANDS:
            terminal.print(Text("$ ", "bold green") + Text(command, "bold"))
            terminal.print(Text(shown_output(command, folder)))
        page = folder / "terminal.html"
        page.write_text(as_page(terminal.export_svg(title="nnrun")), encoding="utf-8")
        photograph(page, IMAGES / "terminal.png", (1240, 900), crop=True)
        shown_output(REPORT, folder)
        photograph(folder / "report.html", IMAGES / "report.png", REPORT_SIZE)


def shown_output(command: str, folder: Path) -> str:
    """Run a command; return what a terminal shows once it has ended, where the bar is gone."""
    text = command.replace("nnrun", f"{shlex.quote(sys.executable)} -m nnrun", 1)
    done = subprocess.run(
        ["bash", "-c", f"{text} 2>&1"], cwd=folder, stdout=subprocess.PIPE, text=True, check=True
    )
    lines = [line for line in done.stdout.splitlines() if not line.startswith("epoch ")]
    return "\n".join(lines) + "\n"


def as_page(svg: str) -> str:
    """Return a page that has nothing but the drawing; around it, it is transparent."""
    return f"<style>body {{margin: 0; background: transparent}}</style>{svg}"


def photograph(page: Path, picture: Path, size: tuple[int, int], *, crop: bool = False) -> None:
    """Take a picture of a page, without what is transparent around it where it is to be cropped."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        sys.exit("Chromium is needed to take the pictures")
    subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--hide-scrollbars",
            "--default-background-color=00000000",
            f"--window-size={size[0]},{size[1]}",
            f"--screenshot={picture}",
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
    )
    image = Image.open(picture)
    if crop:
        image = image.crop(image.getbbox())
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(picture, optimize=True)


if __name__ == "__main__":
    main()
