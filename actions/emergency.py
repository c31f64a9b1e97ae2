"""Emergency words: found without the model, so that a warning goes out even while the NLU server is down.

Words alone, on purpose: what is said here in the present and in earnest is worth a warning at once. A
film, a drill, a joke, the past and a notice are told apart by a few words of their own; the finer
difference is the NLU's, whose urgency can still make a case an emergency.
"""

import re
from enum import StrEnum


class Peril(StrEnum):
    """What kind of help is needed; each has its number, by country, and its fixed text."""

    FIRE = "fire"
    GAS = "gas"
    WIRE = "wire"
    COLLAPSE = "collapse"
    TRAPPED = "trapped"
    MEDICAL = "medical"
    VIOLENCE = "violence"


NOTICE_LENGTH = 160
"""Characters; nobody whose house is on fire writes more. Longer texts are notices and news."""

_UNREAL = re.compile(
    r"演习|演练|演戏|培训|讲座|宣传|电影|电视|新闻|小说|游戏|视频里|梦见|做梦|如果|要是|万一|假如|假设|怎么办才|"
    r"去年|前年|以前|上次|上回|当年|那年|上个?月|小时候|昨[天晚]|前[天几]|已经?(?:扑)?灭|扑灭|虚惊|"
    r"没(?:有)?(?:着火|起火|漏气|触电|倒塌)|不是(?:着火|起火|漏气)|别(?:着火|起火)|防止|预防|谨防|小心.{0,4}(?:着火|起火)|以免|"
    r"哈哈|嘿嘿|笑死|火锅|烧烤|气死|\[捂脸\]|\[笑哭\]|😂|🤣|"
    r"\b(?:drill|movie|film|news|video|novel|game|dream\w*|if|what if|imagine|lol|haha\w*|lmao|last (?:year|week|month|night)|"
    r"yesterday|years? ago|used to|was on fire|put out|false alarm|not (?:a )?(?:on )?fire|no fire|prevent\w*|training)\b",
    re.IGNORECASE,
)

_WORDS: tuple[tuple[Peril, re.Pattern[str]], ...] = (
    (
        Peril.GAS,
        re.compile(
            r"(?:煤气|燃气|天然气|瓦斯|液化气|gas).{0,4}(?:泄漏|泄露|漏了|漏气|在漏|爆炸)|(?:煤气|燃气|天然气|瓦斯)味.{0,6}(?:大|重|浓|呛|冲)|"
            r"(?:好|很|一股).{0,2}(?:大|浓|重)的?(?:煤气|燃气|天然气|瓦斯)味|一氧化碳中毒|煤气中毒|"
            r"\bgas (?:leak\w*|explosion)\b|\bleaking gas\b|\b(?:strong )?smell (?:of )?gas\b|\bcarbon monoxide\b",
            re.IGNORECASE,
        ),
    ),
    (
        Peril.WIRE,
        re.compile(
            r"触电|被电(?:到|击|倒|晕)|电(?:到|死)人了?|漏电.{0,6}(?:人|水|麻|危险)|(?:高压线|电线).{0,4}(?:断了|掉下来|掉地|冒火|打火)|"
            r"\b(?:electrocut\w+|live wire\w*|got shocked)\b|\bwires? (?:is |are )?(?:down|sparking)\b",
            re.IGNORECASE,
        ),
    ),
    (
        Peril.FIRE,
        re.compile(
            r"着火|起火|失火|火灾|救火|走水了|(?:冒|起)(?:黑烟|浓烟|大烟|火)|烧起来|火苗|爆炸了|"
            r"\b(?:on fire|there'?s a fire|is a fire|fire!+|fire in (?:the|block|blk|tower|flat|apt)|caught fire|in flames|burning down|exploded|"
            r"thick (?:black )?smoke|smoke (?:is )?(?:pouring|coming))\b",
            re.IGNORECASE,
        ),
    ),
    (
        Peril.COLLAPSE,
        re.compile(
            r"(?:楼|墙|房|顶|阳台|天花板|脚手架|桥|路面|地面).{0,3}(?:塌了|倒塌|垮了|塌方|塌下来|塌陷了)|塌方|砸(?:到|中|伤)了?.{0,3}人|"
            r"\b(?:collapsed|caved in|collapsing)\b",
            re.IGNORECASE,
        ),
    ),
    (
        Peril.TRAPPED,
        re.compile(
            r"(?:困|关|卡|夹)(?:在|到|进)?.{0,3}(?:电梯|轿厢|座梯|升降机)|(?:电梯|轿厢|座梯|升降机).{0,6}(?:困|关|夹)(?:了|住|着)?.{0,4}(?:人|我|孩|老|娃|小|妈|爸)|"
            r"被困(?:在|住|了)|有人被困|"
            r"\b(?:trapped|stuck) in(?:side)? (?:the |this |a )?(?:lift|elevator)\b|\bpeople (?:are )?trapped\b|\btrapped (?:inside|under)\b",
            re.IGNORECASE,
        ),
    ),
    (
        Peril.MEDICAL,
        re.compile(
            r"(?:晕|昏)(?:倒|过去|迷)|没(?:有)?呼吸|没气了|心脏(?:病发|骤停|病犯)|心梗|大出血|流了?(?:好|很)多血|溺水|落水了?|掉(?:河|湖|水|井)里|"
            r"(?:要|想|准备)跳楼|有人跳楼|跳楼了|割腕|喝(?:了)?农药|休克|叫(?:个)?(?:救护车|120)|快(?:打|叫)120|"
            r"\b(?:unconscious|not breathing|heart attack|collapsed on|bleeding (?:badly|a lot|heavily)|drowning|drowned|call an ambulance|"
            r"suicid\w+|having a (?:stroke|seizure)|overdose\w*)\b",
            re.IGNORECASE,
        ),
    ),
    (
        Peril.VIOLENCE,
        re.compile(
            r"(?:拿|持|提|举|掏)(?:着|了|出)?(?:一?把)?(?:菜|砍|水果|尖|长)?刀|砍人|捅(?:人|了|伤)|杀人|要打死|往死里打|抢劫|绑架|"
            r"快报警|救命(?:啊|呀|!|！|，|,|。|$)|"
            r"\b(?:with a (?:knife|gun|machete)|stabb\w+|gunshots?|shooting at|being attacked|kidnap\w+|robbery in progress|help me!+)\b",
            re.IGNORECASE,
        ),
    ),
)


def spot(text: str) -> Peril | None:
    """The peril that the text cries out, or None."""
    if len(text) > NOTICE_LENGTH or _UNREAL.search(text):
        return None
    for peril, words in _WORDS:
        if words.search(text):
            return peril
    return None


_BY_CATEGORY = {
    "safety.fire": Peril.FIRE,
    "safety.fire_hazard": Peril.FIRE,
    "safety.fireworks": Peril.FIRE,
    "utilities.gas": Peril.GAS,
    "safety.wires": Peril.WIRE,
    "housing.building_safety": Peril.COLLAPSE,
    "safety.falling_objects": Peril.COLLAPSE,
    "housing.elevator": Peril.TRAPPED,
    "safety.crime": Peril.VIOLENCE,
    "disputes.family": Peril.VIOLENCE,
    "disputes.neighbour": Peril.VIOLENCE,
}


def peril_of(category: str) -> Peril:
    """The help that an emergency of this category most likely needs."""
    return _BY_CATEGORY.get(category, Peril.MEDICAL)
