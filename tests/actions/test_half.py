"""Which few words say that something is fixed in part."""

import pytest

from actions.half import says_half

SAYS = (
    "修了一半",
    "只修了一半",
    "好了一半",
    "修好了一半",
    "只修了一部分",
    "只解决了一部分",
    "才修好一半",
    "清了一半。",
    "没修完",
    "还没全好",
    "没有完全修好",
    "部分解决",
    "一半好了",
    "half fixed",
    "Half-fixed.",
    "only half fixed",
    "It's only partly fixed",
    "partly",
    "not completely fixed",
)
SAYS_NOT = (
    "修好了",
    "没修好",
    "没解决",
    "修了吗",
    "修了一半吗？",
    "是不是只修了一半",
    "一半人没来",
    "我家那一半路灯都亮着",
    "昨天修了一半师傅就走了，今天又来接着修，现在全都好了，谢谢大家一直帮忙盯着这件事情，以后有事再说",
    "苹果分我一半",
    "half of us are away",
    "fixed",
    "",
    "部分居民在群里",
)
MORE = ("修了一半，东边的灯还不亮", "只修了一部分。二楼还漏", "half fixed, the left one is still out")


@pytest.mark.parametrize("text", SAYS)
def test_few_words_that_say_just_that_count(text):
    assert says_half(text)
    assert says_half(text, reply=True)


@pytest.mark.parametrize("text", SAYS_NOT)
def test_nothing_else_does(text):
    assert not says_half(text)
    assert not says_half(text, reply=True)


@pytest.mark.parametrize("text", MORE)
def test_more_may_follow_in_a_reply_only(text):
    assert says_half(text, reply=True)
    assert not says_half(text)


def test_what_is_taken_back_in_the_same_breath_does_not_count():
    assert not says_half("修了一半，后来又修好了", reply=True)
