"""Print the lines of code of the package, and fail where they are too many: `python tests/lines.py`."""

import ast
import io
import sys
import tokenize
from pathlib import Path

MOST, MOST_IN_A_FILE = 4_500, 250
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def code_lines(text: str) -> int:
    """Count the lines that are neither blank, nor a comment, nor a docstring."""
    strings = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)]
    docstrings = {line for node in strings for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in NO_CODE]
    return len({line for t in tokens for line in range(t.start[0], t.end[0] + 1)} - docstrings)


def main() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(Path("nnrun").glob("*.py"))}
    code = sum(map(code_lines, texts.values()))
    lines = sum(len(text.splitlines()) for text in texts.values())
    print(f"nnrun: {code} lines of code, {lines} with blank lines, comments and docstrings")
    long = [str(path) for path, text in texts.items() if len(text.splitlines()) >= MOST_IN_A_FILE]
    if code >= MOST or long:
        sys.exit(f"too many: under {MOST} in all; under {MOST_IN_A_FILE} lines in {', '.join(long) or 'each file'}")


main()
