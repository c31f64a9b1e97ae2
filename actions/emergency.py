"""Emergency words: found without the model, so that a warning goes out even while the NLU server is down.

Words alone, on purpose: what is said here in the present and in earnest is worth a warning at once, and a
warning too many does less harm than one too few. A film, a drill, a joke and what is over are told by words
of their own anywhere in the text; "if", "no" and "lest" count only right before the peril that they take
back, since a cry for help may hold any of them elsewhere. The finer difference is the NLU's, whose urgency
can still make a case an emergency.
"""

import re
import unicodedata
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
"""Characters, twice as many in Latin letters; nobody whose house is on fire writes more. Longer texts are
notices and news.
"""

_SIMPLE = str.maketrans(
    "氣電觸樓牆頂陽臺橋關夾裏裡暈殺槍綁報護車燭煙們樣媽爺溺燒災墜壓倒斷線濃聞見滿慘個開過還沒來馬趕緊啟嚇洩咗喺",
    "气电触楼墙顶阳台桥关夹里里晕杀枪绑报护车烛烟们样妈爷溺烧灾坠压倒断线浓闻见满惨个开过还没来马赶紧启吓泄了在",
)
"""Traditional letters of the words below, and the Cantonese 咗 and 喺."""


def _words(pattern: str) -> re.Pattern[str]:
    """A pattern in which `_` is any letter of the same clause and `〔gas〕` any word for gas."""
    return re.compile(
        pattern.replace("〔gas〕", "(?:煤气|燃气|天然气|瓦斯|液化气)").replace("_", r"[^,。!?;\n]")
    )


_UNREAL = _words(
    r"演习|演练|演戏|排练|讲座|电影(?!院)|电视(?:剧|里|上)|看电视|新闻(?!中心)|小说|游戏(?!厅)|剧本|狼人杀|视频里|直播间|梦见|做梦|"
    r"培训(?!班|机构|中心|学校)|宣传(?!栏|册|单)|知识竞赛|哈哈|嘿嘿|嘻嘻|笑死|笑不活|捂脸|笑哭|😂|🤣|😆|doge|"
    r"(?:嘴|嗓子|喉咙|心里|眼睛|眼里|头顶|头上|肚子|胃|七窍|脑袋|屁股)_{0,4}(?:着了?|冒|起|喷)(?:火|烟)|"
    r"(?:气|急|热|渴|辣|忙)(?:得|的|到)_{0,6}(?:着火|冒火|冒烟|起火|爆炸)|"
    r"\b(?:drill|(?:movie|film|video|game)s?(?! (?:theat|room|shop|store|arcade|hall))|novel|news|dream\w*|imagine|"
    r"lol|haha\w*|lmao|rofl|training|(?:song|mouth|team|album|sale|you'?re|you are|he'?s|he is|i'?m) (?:is )?(?:so )?on fire)\b"
)
"""Not in earnest, or not here."""

_PAST = _words(
    r"去年|前年|以前|上次|上回|当年|那年|那次|上个?月|上周|上个?星期|小时候|昨[天晚夜日]|前[天晚]|前几[天年]|前段时间|"
    r"\b(?:last (?:year|week|month|night|time)|yesterday|(?:years?|weeks?|months?|days?) ago|used to|was on fire)\b"
)
_NOW = _words(
    r"现在|正在|快(?:来|跑|点|去|叫|打|救|报)|赶紧|赶快|马上|立刻|救命|今天|今晚|又(?:着|起|冒|漏|困|塌|晕|烧|爆|闻)|"
    r"\b(?:now|help|again|hurry|quick|today)\b"
)
"""What turns a word of the past into a mere circumstance: the house that burned last year burns again."""

_OVER = _words(
    r"(?<!没)(?<!没有)(?<!帮忙)(?<!来)扑灭了|已经?_{0,2}(?:扑灭|灭了|救出|解救|脱险|出来了|没事|解除|处理好)|火(?:已经)?灭了|虚惊|误报|"
    r"\b(?:false alarm|(?:been|was|is|it) put out|(?:been|was|were) rescued|all clear)\b"
)

_SUPPOSED = re.compile(
    r"(?:如果|要是|万一|假如|假设|倘若|若是|一旦|如遇|遇到|遇有|防止|预防|谨防|严防|防范|避免|以免|免得|小心|当心|严禁|禁止|担心|"
    r"生怕|怕|会不会|迟早|早晚|不然|否则|容易|导致|引起|引发|造成|差点|险些|为什么会|烟囱|能|可以)[^,。!?;\s]{0,12}$|"
    r"(?:没有?|没人|并未|未|不是|不是真的|不算|别|防|无|反)$|"
    r"(?:手机|钥匙|眼镜|球|鞋|帽子?|东西|猫|狗|盖|快递|包裹|耳机|衣服)[^,。!?;\s]{0,3}$|"
    r"\b(?:if|in case(?: of)?|prevent\w*|avoid\w*|afraid|worr\w+|risk of|almost|nearly)\b[^,.!?;\n]{0,30}$|"
    r"\b(?:no|not|isn'?t|wasn'?t|aren'?t|never|anti)\b[ -](?:a |any |really )?$"
)
"""What takes back the peril that follows it in the same clause."""

_NOT_IT = re.compile(
    r"过(?!去|来)|(?:了?的?时候?|之前|之后)(?!间)|隐患|风险|危险品|事故(?:多|案|教育)|报警器|保护|探测|保险|检测|检查|演|片|案|游戏|"
    r"\s?(?:drill|alarm test|safety|hazard|extinguisher|detector|insurance)"
)
"""What follows a word of peril and makes it another word."""

_PERSON = "(?:人|孩子?|小孩|娃|老人|老头|老太|大爷|大妈|大叔|爷爷|奶奶|阿姨|[我他她]妈|[我他她]爸|老公|老婆|邻居|师傅|工人|[我他她]|婴儿|宝宝|孕妇)"

_WORDS: tuple[tuple[Peril, re.Pattern[str]], ...] = (
    (
        Peril.GAS,
        _words(
            r"(?:〔gas〕|gas)_{0,4}(?:泄漏|泄露|漏了|漏气|在漏|爆炸)|(?:漏|跑|泄漏|泄露)(?:了|着)?〔gas〕|〔gas〕味|"
            r"闻(?:到|见|着)_{0,6}〔gas〕|(?:全|都|满)是〔gas〕|"
            r"(?:一氧化碳|煤气)中毒|"
            r"\bgas (?:leak\w*|explosion)\b|\bleaking gas\b|\bgas is leaking\b|\bsmell\w* (?:(?:of|like|some|strong) )?gas\b|\bcarbon monoxide\b"
        ),
    ),
    (
        Peril.WIRE,
        _words(
            r"触电|被电(?:到|击|倒|晕|死|着)|电(?:到|死|倒|着)人|漏电_{0,6}(?:人|水|麻|危险)|(?:水|栏杆|路灯|铁门)里?_{0,2}(?:有电|带电)|"
            r"(?:高压线|电线)_{0,4}(?:断了|断落|掉下来|掉地|掉在|垂到地|冒火|打火|起火花)|"
            r"\b(?:electrocut\w+|live wire\w*|got shocked|electric shock)\b|\b(?:wires?|power lines?) (?:is |are )?(?:down|sparking|fell)\b"
        ),
    ),
    (
        Peril.FIRE,
        _words(
            r"(?<!跟)着(?:了|起)?大?火(?![车锅箭爆热腿辣炬鸡龙])|(?<![拿引])起火(?![车锅箭爆腿])|失火|走火[了啦咯喽](?<!枪走火了)|(?<![行慢])走水[了啦咯](?![路])|"
            r"(?:发生|发了|有|突发)火灾|^火灾|火灾[了啊!]|救火(?!车模|队员)|火势|火苗|火光冲天|火烛[啊呀!]|火警(?!电话|演)|"
            r"(?<!发)烧(?:着了|起来)|冒(?:出|着|了)?(?:好|很)?(?:大|多|黑|浓|白|青)?的?(?:大|浓|黑)?(?:火|烟)(?![花酒])|浓烟|(?<!抽)(?<!油)烟(?:好|很|太|特别)大|"
            r"好大的?烟(?![味囱头])|(?:全|都|满)是_{0,2}(?<!油)烟(?![头味灰盒花蒂囱])|(?<!心态)(?<!人气)(?<!信息)(?<![到得要卖快])爆炸(?:了|声|啦)|火!+ ?火|"
            r"(?:快|赶紧|赶快|马上|谁|帮忙)_{0,5}(?:打|拨|叫|报|喊)_{0,3}(?:119|火警|消防)|"
            r"\b(?:(?<!'s )on fire|there'?s a fire|(?:is|have) a fire|fire!+|fire (?:in|at) (?:the |my |our |a )?(?:block|blk|tower|flat|apt|apartment|unit|building|"
            r"kitchen|car ?park|lobby|basement|stair\w*|\d+)|caught fire|(?:is|are) burning|in flames|burning down|exploded|explosion|"
            r"smoke (?:is |\w+ )?(?:pouring|coming|everywhere)|(?:thick|black|lots of|full of) (?:black )?smoke|call (?:the )?fire (?:dept|department|brigade|service)\w*)"
            r"|^[^\w/]*(?:help\W{1,6})?fire(?:\W{1,6}(?:help|fire|run|quick)){0,4}[^\w]*$|\bhelp\W+fire\b"
        ),
    ),
    (
        Peril.COLLAPSE,
        _words(
            r"(?:楼|墙|房子?|顶|阳台|天花板|脚手架|桥|路面|地面|吊顶|广告牌|塔吊)_{0,4}(?:塌了|倒塌|垮了|塌方|塌下来|塌陷了|要塌|塌啦)|塌方|"
            rf"(?:砸|压|埋)(?:到|中|伤|着|住|死|了|在)了?_{{0,3}}{_PERSON}(?!行|家)|"
            r"\b(?:(?:wall|roof|ceiling|building|floor|balcony|scaffold\w*|bridge|stairs) (?:has |have |is |just )?(?:collapsed|collapsing|caved in|coming down)|caved in)\b"
        ),
    ),
    (
        Peril.TRAPPED,
        _words(
            r"困_{0,4}(?:电梯|轿厢|座梯|升降机)|(?:关|卡|夹)(?:在|到|进|住)了?_{0,3}(?:电梯|轿厢|座梯|升降机)|"
            rf"{_PERSON}们?被?(?:卡|关)(?:住)?(?:了)?(?:电梯|轿厢)|"
            rf"(?:电梯|轿厢|座梯|升降机)_{{0,6}}(?:困|夹)(?:了|住|着|到)?_{{0,4}}{_PERSON}|(?:电梯|轿厢|座梯|升降机)_{{0,6}}关(?:了|住|着)_{{0,4}}{_PERSON}|(?:电梯|轿厢)里?关人|"
            r"(?:电梯|轿厢)[^。!?]{0,16}(?:人|我们?|孩子?)_{0,4}出不来|被困(?:在|住|了)|有人被困|困人了|"
            r"\b(?:trapped|stuck) in(?:side)? (?:the |this |a |our )?(?:lift|elevator)\b|\b(?:people|someone|somebody|kids?|man|woman) (?:is |are )?trapped\b|\btrapped (?:inside|under)\b|"
            r"\b(?:lift|elevator)\b[^.!?]{0,25}\b(?:can'?t get out|people inside)"
        ),
    ),
    (
        Peril.MEDICAL,
        _words(
            r"(?:晕|昏)(?:倒|过去|迷|厥)|没有?呼吸|呼吸不(?:了|上来)|喘不(?:上|过)气|"
            rf"{_PERSON}[^,。!?;家区楼户]{{0,3}}没气了|(?:倒|躺|昏|晕|摔|趴)_{{0,12}}(?:叫|喊|摇)(?:都|也)?不(?:醒|应)|"
            rf"{_PERSON}[^,。!?;把将垃水菜饭]{{0,4}}(?:倒在(?:地|路|楼道|雪|血)|倒地|栽倒)|"
            r"心脏(?:病发|骤停|病犯|病又犯|停)|心脏病_{0,4}(?:犯了|发作|发了)|突发(?:心|脑|疾病)|(?:心梗|脑梗|中风|脑溢血|癫痫)(?:了|发作|犯了|!|$)|口吐白沫|抽搐|休克|窒息|羊水破|"
            rf"{_PERSON}_{{0,4}}(?:噎(?:住|着)|呛住)|脸都?(?:发)?(?:紫|青)了|(?<!钱包)大出血|(?:流|喷|吐)了?(?:好|很|一地|一脸)_{{0,2}}多?血|血流不止|(?:浑身|满[头脸身]|一地|全)都?是血|止不住血|"
            r"溺水|落水(?![管口斗槽])|掉(?:进|到|下)?了?(?:河|湖|水|井|池塘|粪池|化粪池|沟|坑)里?|"
            r"(?:要|想|准备)(?:往下)?跳(?:楼|河|江|下)|有人_{0,4}跳(?:楼|河|江|下)|跳楼(?:了|啦)|坠楼|割腕|轻生|(?:要|想|有人)自杀|喝(?:了)?农药|"
            rf"{_PERSON}_{{0,3}}从_{{0,6}}(?:楼|阳台|窗|顶)_{{0,4}}(?:摔|掉|坠|跳)|"
            r"(?:叫|喊|打|来)(?:个|辆)?_{0,2}救护车|(?:快|赶紧|赶快|马上|谁|帮|麻烦)_{0,6}(?:打|拨|叫|喊)_{0,2}120|"
            r"\b(?:unconscious|unresponsive|not breathing|stopped breathing|can'?t breathe|choking|heart attack|collapsed (?:on|in|at|outside)|(?:he|she|man|woman|lady|someone|dad|mum|mom|grand\w+) (?:has |just )?collapsed|"
            r"passed out|bleeding (?:badly|a lot|heavily|out)|drowning|drowned|(?:call|need|get) (?:an |the )?ambulance|suicid\w+|going to jump|(?:having a |had a )(?:stroke|seizure)|overdose\w*|"
            r"fell (?:off|from|out of) (?:the |a |his |her |our )?(?:roof|balcony|window|\w+ floor)|call (?:911|999|995|112|120))\b"
        ),
    ),
    (
        Peril.VIOLENCE,
        _words(
            r"(?:拿|持|提|举|掏|挥|揸)(?:着|了|出)?(?:一?把)?(?:菜|砍|水果|尖|长|大)?刀(?!具|叉|片|架|鱼|_{0,8}(?:磨|切|削|拆|砍价|优惠))|动刀子?(?:了|啦)|砍人|砍死|捅(?:人|了|伤|死)|杀人(?![案犯魔蜂鲸不诛])|"
            r"要打死|往死里打|打死人|抢劫|绑架|劫持|家暴|"
            r"(?:老公|丈夫|男人|他|爸|男朋友|前夫)_{0,4}打我(?!电话|招呼|微信|语音|手机|的)|(?:快|赶紧|赶快|马上)_{0,3}报警|"
            r"(?<![能以来])救命(?!稻草|恩|钱|药|之|神器|[^。?]{0,14}(?:太[好可绝香美搞尴离]|好[看吃笑香美可喜]|绝|可爱|谁懂|上头|笑|怎么这么|怎么那么|这也))|"
            r"\b(?:(?:with|has|got|pulled|holding) (?:a |out a )?(?:knife|gun|machete)|(?:being |been |got |is )stabb\w+|stabb\w+ (?:someone|him|her|people|me)|gunshots?|shooting at|being attacked|"
            r"(?:attacking|beating) (?:me|her|him|someone|people)|kidnap\w+|robbery|help me!+|call the police (?:now|quick|please))\b"
            r"|^[^\w/]*(?:please )?help(?: me| us|\s*!)(?:please|help|me|us|\W){0,40}$"
        ),
    ),
)


def spot(text: str) -> Peril | None:
    """The peril that the text cries out, or None."""
    if len(text) > NOTICE_LENGTH * (2 if text.isascii() else 1):
        return None
    plain = unicodedata.normalize("NFKC", text).lower().translate(_SIMPLE)
    if _UNREAL.search(plain) or _OVER.search(plain) or (_PAST.search(plain) and not _NOW.search(plain)):
        return None
    return next((peril for peril, words in _WORDS if _cried(words, plain)), None)


def _cried(words: re.Pattern[str], plain: str) -> bool:
    return any(_meant(plain, found) for found in words.finditer(plain))


def _meant(plain: str, found: re.Match[str]) -> bool:
    before = plain[max(0, found.start() - 48) : found.start()]
    return not _SUPPOSED.search(before) and not _NOT_IT.match(plain, found.end())


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
    "safety.missing": Peril.VIOLENCE,
    "disputes.family": Peril.VIOLENCE,
    "disputes.neighbour": Peril.VIOLENCE,
}


def peril_of(category: str) -> Peril:
    """The help that an emergency of this category most likely needs."""
    return _BY_CATEGORY.get(category, Peril.MEDICAL)
