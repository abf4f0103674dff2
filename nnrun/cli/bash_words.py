"""Settings as one word in bash, which divides a command line at each `=` as it does at spaces."""

from typing import Any

from click.shell_completion import BashComplete, CompletionItem, add_completion_class


@add_completion_class
class WholeSettings(BashComplete):
    """Completion for bash in which `loss=Mean` is one word: its beginning is what bash keeps."""

    _kept = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one to complete, and that one."""
        words, typed = super().get_completion_args()
        *before, last = joined_settings([*words, typed])
        self._kept = last.removesuffix(typed.removeprefix("="))
        return before, last

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return a completion without the part that bash takes for words of its own.

        Args:
            item: The completion, whose value is the whole setting.
        """
        rest = item.value.removeprefix(self._kept)
        return f"{item.type},{rest}"


def joined_settings(words: list[str]) -> list[str]:
    """Return the words of a line, in which `key`, `=` and `value` are joined again.

    An empty word at the end begins behind a space.

    Args:
        words: The words as bash divides a line, the one to complete last.
    """
    joined: list[str] = []
    last = len(words) - 1
    is_value = False
    for number, word in enumerate(words):
        is_new = not word and number == last
        belongs_to_former = is_value or word == "="
        if joined and belongs_to_former and not is_new:
            joined[-1] += word
        else:
            joined.append(word)
        is_value = word == "="
    return joined
