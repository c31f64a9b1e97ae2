"""What a page of the browser group may say over its socket: frames, each checked before anything is done."""

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, TypeAdapter

from actions.message import Role

ID = r"[A-Za-z0-9_-]{1,64}"


def _visible(name: str) -> str:
    """A name without control, format and other signs that only mislead; blanks drawn together."""
    shown = "".join(" " if sign.isspace() else sign for sign in name)
    plain = "".join(sign for sign in shown if unicodedata.category(sign) not in {"Cc", "Cf", "Co", "Cs"})
    if not (words := " ".join(plain.split())):
        raise ValueError("a name is needed")
    return words


Id = Annotated[str, StringConstraints(pattern=f"^{ID}$")]
MessageId = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,14}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=40), AfterValidator(_visible)]


class Where(BaseModel):
    """WGS 84 degrees."""

    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    long: float = Field(ge=-180, le=180, allow_inf_nan=False)


class Hello(BaseModel):
    """Who is at the page. `token` is from an earlier welcome, `since` the last cursor that was seen."""

    type: Literal["hello"]
    name: Name
    role: Literal[Role.RESIDENT, Role.WORKER]
    token: str = Field("", max_length=512)
    since: str = Field("", pattern=r"^([0-9]{1,16}-[0-9]{1,10})?$")


class Said(BaseModel):
    """A message. The same `client_id` again is the same message."""

    type: Literal["say"]
    client_id: Id
    text: str = Field("", max_length=4096)
    reply_to: MessageId | None = None
    attachments: tuple[str, ...] = Field((), max_length=9)
    point: Where | None = None


class Pressed(BaseModel):
    """A press on a button of `message`."""

    type: Literal["press"]
    client_id: Id
    message: MessageId
    data: str = Field(min_length=1, max_length=64)


Frame = Hello | Said | Pressed
FRAMES: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])
