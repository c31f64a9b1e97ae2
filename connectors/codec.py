"""Records to JSON and back: one converter for all that is stored.

Facts and orders carry their name (`"is": "TicketFiled"`), so that a trace reads well and can be taken
in again. A field that is missing takes its default, a field that is not known is passed over: an older
or a newer program can read what another wrote. Cases say their form beside (connectors/schemas.py).
"""

from typing import Any, TypeVar

from cattrs.preconf.json import make_converter
from cattrs.strategies import configure_tagged_union

from actions import facts, orders
from actions.case import Case
from connectors.schemas import TooNew, stamped, upgraded

T = TypeVar("T")


def _kinds(base: type) -> tuple[type, ...]:
    # A dataclass with slots is made twice, and the first lives on until the garbage is collected.
    made: list[type] = base.__subclasses__()
    return tuple({kind.__name__: kind for kind in made}.values())


def _named(base: type) -> Any:
    union: Any = None
    for kind in _kinds(base):
        union = kind if union is None else union | kind
    return union


_FACT = _named(facts.Fact)
_ORDER = _named(orders.Order)
_converter = make_converter(omit_if_default=True)
configure_tagged_union(_FACT, _converter, tag_name="is")
configure_tagged_union(_ORDER, _converter, tag_name="is")
_converter.register_unstructure_hook(facts.Fact, lambda fact: _converter.unstructure(fact, _FACT))
_converter.register_structure_hook(facts.Fact, lambda raw, _: _converter.structure(raw, _FACT))
_converter.register_unstructure_hook(orders.Order, lambda order: _converter.unstructure(order, _ORDER))
_converter.register_structure_hook(orders.Order, lambda raw, _: _converter.structure(raw, _ORDER))
_plain_case = _converter.get_unstructure_hook(Case)
_case_of = _converter.get_structure_hook(Case)
_converter.register_unstructure_hook(Case, lambda case: stamped(_plain_case(case)))
_converter.register_structure_hook(Case, lambda raw, kind: _case_of(upgraded(raw), kind))


def dump(record: object, kind: type | None = None) -> str:
    """A record as one line of JSON; `kind` is the declared type where it is wider than the record's own."""
    text = _converter.dumps(record, unstructure_as=kind or type(record), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can carry and UTF-8 cannot
        return _converter.dumps(record, unstructure_as=kind or type(record), ensure_ascii=True)
    return text


def load(text: str | bytes, kind: type[T]) -> T:
    """The record that `dump` wrote. Raises ValueError for anything else, `TooNew` for a case of a later form."""
    try:
        return _converter.loads(text, kind)
    except TooNew:
        raise
    except Exception as error:  # cattrs raises groups of its own, json its own
        raise ValueError(f"this is no {kind.__name__}: {error}") from error
