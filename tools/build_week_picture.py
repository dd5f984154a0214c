"""Write docs/tutorial-minors-week.svg: run the tutorial and keep the picture it makes.

Usage: python tools/build_week_picture.py

A test fails while the picture is another one.
"""

import contextlib
import io
import pathlib
import re

DOCS = pathlib.Path(__file__).parents[1] / "docs"
PICTURE = DOCS / "tutorial-minors-week.svg"


def picture():
    text = (DOCS / "tutorial-minors.md").read_text(encoding="utf-8")
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
            exec(block, names)
    return names["svg"]


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
