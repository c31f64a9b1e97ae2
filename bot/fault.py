"""Fault: what is wrong with several values of the settings together."""

from pydantic_core import PydanticCustomError


def fault(text: str, *place: str | int) -> PydanticCustomError:
    """Told at this place; pydantic would put it down to all of them."""
    return PydanticCustomError("together", "{text}", {"text": text, "place": place})
