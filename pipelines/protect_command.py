# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The command `lagebild protect`: its options, exit codes and messages.

Belongs here: the command line of the engine by itself. Does not belong here: files (`protect`), other commands (`cli`).

Exit codes as everywhere: 0 protected and proved; 1 refused, nothing was written; 2 wrong call, rules or hierarchies; 3
the tables themselves have faults.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pipelines.cli import Call

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("tables", type=_FILE, nargs=-1, required=True)
@click.option("--hierarchies", type=_FILE, required=True, help="YAML: which codes sum to which, per dimension.")
@click.option("--rules", type=_FILE, required=True, help="YAML: the measures and their disclosure rules.")
@click.option("--out", type=_FOLDER, required=True, help="Folder for the protected tables.")
@click.option("--review", type=_FOLDER, required=True, help="Restricted folder for certificate and release (0700).")
@click.option("--tier", default="public", show_default=True, help="Tier of the rules.")
@click.option("--public", type=_FILE, multiple=True, help="A table that everybody knows already; may be repeated.")
@click.option("--earlier", type=_FOLDER, multiple=True, help="Review folder of a release that is out; may be repeated.")
@click.option("--fuller", type=_FOLDER, multiple=True, help="Review folder of a fuller tier; may be repeated.")
@click.option("--facts", type=_FILE, help="YAML: what is known beside the sums (rates, differences, rounded figures).")
@click.option(
    "--absent", type=click.Choice(["fault", "zero", "form", "unpublished"]), default="fault", show_default=True,
    help="What an absent cell is: a fault, a known zero, a margin to be formed (or zero), or unpublished.",
)  # fmt: skip
@click.option("--rate", "rates", multiple=True, help="NAME=NUMERATOR/DENOMINATOR[*100]; may be repeated.")
@click.option("--round", "base", type=click.Choice(["3", "5", "10"]), help="Round to this base instead of withholding.")
@click.option(
    "--rounding", type=click.Choice(["additive", "each"]), default="additive", show_default=True,
    help="Rounded figures add up, or each is rounded by itself.",
)  # fmt: skip
@click.option("--tolerance", default=0, show_default=True, help="By how much sums of the tables may differ.")
@click.option("--need", type=click.IntRange(1), help="Least width of an interval, instead of reaching the threshold.")
@click.option("--cost", type=click.Choice(["value", "count", "log"]), default="value", show_default=True)
@click.option(
    "--effort", type=click.Choice(["quick", "thorough"]), default="quick", show_default=True,
    help="How long to look for fewer cells to withhold; both are proved alike.",
)  # fmt: skip
@click.pass_obj
def protect(call: Call, /, review: Path, base: str | None, **options: Any) -> None:
    """Withhold what has to be withheld in TABLES, prove it, and write what may be published."""
    from pipelines.cli import REJECTED, STOPPED, WRONG
    from pipelines.protect import Order, WrongCall, protect_files
    from quality.disclosure.protect import BadInput, NotProved, RulesTooWeak, Unsafe

    def stop(code: int, text: str) -> None:
        click.echo(text, err=True)
        sys.exit(code)

    order = Order(review=review, base=int(base) if base else None, **options)
    try:
        result = protect_files(order)
    except WrongCall as error:
        return stop(WRONG, _wrong(call, error))
    except RulesTooWeak as error:
        return stop(WRONG, str(error))
    except BadInput as error:
        return stop(REJECTED, call.say("protect_faults") + "\n" + error.say(call.say.language))
    except Unsafe as error:
        return stop(STOPPED, call.say("protect_unsafe", cells=error))
    except NotProved as error:
        key = "protect_not_covered" if error.finished else "protect_unfinished"
        return stop(STOPPED, call.say(key, count=error.failing))
    except Exception as error:
        return stop(STOPPED, call.say("protect_failed", kind=type(error).__name__, path=_trace(review)))
    if call.as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        click.echo(call.say("protect_done", **result | {"tables": ", ".join(result["tables"])}))


def _wrong(call: Call, error: Any) -> str:
    values = dict(error.values)
    if error.message == "refused":
        values["reason"] = call.say(f"reason.{values['reason']}")
    return call.say(error.message, **values)


def _trace(review: Path) -> Path:
    """What went wrong, in the restricted zone: the text of an error may hold values."""
    from raw.lake.files import restricted_folder

    path = restricted_folder(review) / "error.txt"
    path.touch(0o600)
    path.write_text(traceback.format_exc(), "utf-8")
    return path
