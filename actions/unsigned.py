"""Unsigned: what somebody says of a problem, without the numbers that say who it is.

A telephone number, and the words that hand it over, tell nothing about the problem, and lead the reading astray:
「6号楼水管爆了 电话…」 sounds like an answer. So what is read is the rest; `actions.mask` decides what such a number is.
"""

import re
from dataclasses import dataclass

from actions.mask import half_width, stretches
from actions.reading import Span

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江薛尹段雷龙黎史陶贺毛郝顾龚邵万武钱汤"
_TITLED = rf"(?:[{_SURNAMES}](?:先生|女士|小姐|师傅|阿姨|叔叔|大姐|大爷|大妈|老师|工)|[小老][{_SURNAMES}](?![\u4e00-\u9fff]))"
_NAMED = (
    rf"(?:联系人|报修人|报告人|反映人|举报人|我叫|姓名|户主|业主)(?:是|叫)?[:\s]*"
    rf"(?:[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}?(?![\u4e00-\u9fff])|[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}?(?=的?电话|的?手机|联系))?"
)
_CALLED = (
    r"(?:联系)?(?:电话|手机)(?:号码|号)?|回电|电联|座机|固话|号码|(?:加)?微信(?:同号|号)?|联系方式|联系|(?:qq)?邮箱|身份证(?:号码|号)?|护照号?"
    r"|车牌(?:号码|号)?|我的号|找我|找|whatsapp|wechat|(?:tele|cell|mobile )?phone(?: number)?|mobile|number|tel|e-?mail|call|text"
    r"|contact|reach|passport(?: no)?"
)
_SMALL = r"我的|我|本人|有急事|有事|有问题|急事|随时|麻烦|可以|请|可|拨打|打|留个|是|为|my|please|pls|you can|or|is|me|us|at|on|no"
_HANDS_OVER = rf"(?>(?<![a-z])(?:{_NAMED}|{_TITLED}|{_CALLED}|{_SMALL})(?![a-z]))"
_LEAD = re.compile(rf"(?:{_HANDS_OVER}[\s:,、.#]*+)++\Z", re.IGNORECASE)
_LEAD_LENGTH = 40
"""Further back nothing is looked for: a hostile text must not take long."""
_TAIL = re.compile(
    rf"(?:[\s,]*(?:{_TITLED}|微信同号|同号|随时(?:可)?(?:联系|打)|都可接|[{_SURNAMES}](?=\s|\Z)))+(?=[\s,、;:。.!~\-/|)]|\Z)"
)
ALONE = "这是我的电话"
"""What is read where nothing else is said: the NLU has learnt no numbers, but words."""
_OPENS, _CLOSES = "([{【「『<《", ")]}】」』>》"
_BREAKS = ",、;:|/-~ \t\n"
_ENDS = ".。!"
_SIGNS = _BREAKS + _ENDS


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A text without who it is: some letters of the original in their order, and where in it each of them stood."""

    text: str
    at: tuple[int, ...]

    def back(self, span: Span) -> Span:
        """The span with the offsets of the original; `value` stays what was read."""
        if not 0 <= span.start < span.end <= len(self.at):
            return span
        return Span(self.at[span.start], self.at[span.end - 1] + 1, span.value, span.confidence)


def unsigned(text: str) -> Unsigned:
    """The text without what `mask` takes out and the words that hand it over; any other text as it is."""
    cuts = _cuts(text)
    if not cuts:
        return Unsigned(text, tuple(range(len(text))))
    kept: list[int] = []
    done = 0  # what lies before it is settled
    for start, end in cuts:
        kept += [*range(done, start), *_join(text, start, end)]
        done = end
    kept += range(done, len(text))
    left = "".join(text[n] for n in kept)
    if not any(letter.isalnum() for letter in left):
        return Unsigned(ALONE, ())
    return Unsigned(left, tuple(kept))


def _cuts(text: str) -> list[tuple[int, int]]:
    """What is left out, in order and apart."""
    cuts: list[tuple[int, int]] = []
    plain = half_width(text)
    for found in stretches(text):
        start, end = _widened(plain, *found)
        if cuts and start <= cuts[-1][1]:
            start, _ = cuts.pop()
        cuts.append((start, end))
    return cuts


def _widened(plain: str, start: int, end: int) -> tuple[int, int]:
    """A number with the words and the signs about it that say nothing without it."""
    first = max(0, start - _LEAD_LENGTH)
    if lead := _LEAD.search(plain[first:start]):
        start = first + lead.start()
    if tail := _TAIL.match(plain, end):
        end = tail.end()
    if start > 0 and end < len(plain) and _OPENS.find(plain[start - 1]) == _CLOSES.find(plain[end]) >= 0:
        start, end = start - 1, end + 1
    while start and plain[start - 1] in _BREAKS:
        start -= 1
    while end < len(plain) and plain[end] in _SIGNS:
        end += 1
    return start, end


def _join(text: str, start: int, end: int) -> list[int]:
    """The signs of what is left out that keep apart what stood on its two sides: one break, and a space behind it."""
    if not start or end == len(text):
        return []
    signs = [n for n in sorted({start, end - 1}) if half_width(text[n]) in _SIGNS]
    ended = half_width(text[start - 1]) in _ENDS
    breaks = [n for n in signs if not (ended or text[n].isspace())][:1]
    return breaks + [n for n in signs if text[n].isspace() and n > max(breaks, default=-1)][:1]
