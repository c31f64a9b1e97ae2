"""What the bot puts into a group: plain words and buttons, the same for every platform."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Button:
    """`data` comes back in a Press; it is opaque, signed and at most 64 bytes. With a `url` the button opens
    that instead, and nobody hears of the press.
    """

    label: str
    data: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One message of the bot. `text` is plain: no markup of any platform is read in it.

    `key` is the order's idempotency key: the same key is posted once, on a platform that knows no keys (Telegram) by
    each process.
    `mentions` are pairs of a person's id (with platform) and the name shown; they are called at the end.
    `silent`: without a sound, where the platform can.
    An `urgent` post goes ahead of all others where the platform limits us.
    """

    group: str
    text: str
    key: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    reply_to: str | None = None
    thread: str | None = None
    mentions: tuple[tuple[str, str], ...] = ()
    silent: bool = False
    urgent: bool = False
