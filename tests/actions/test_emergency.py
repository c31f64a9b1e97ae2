"""Emergency words: what is cried out in earnest is heard, what is told, played or feared is not."""

import re
from re import _constants as constants
from re import _parser as parser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions import emergency
from actions.emergency import NOTICE_LENGTH, Peril, peril_of, spot

CRIES = {
    Peril.FIRE: """
        着火了
        着火啦！快跑
        3号楼着火了！！
        救火啊
        9栋12楼冒烟了好大的烟
        楼道里全是烟 快打119
        我家厨房烧起来了
        电动车烧着了在楼下
        电瓶车爆炸了
        火！火！火！
        楼下车棚着了火
        冒浓烟了快来人
        走水了走水了
        隔壁窗户冒火了
        谁家阳台，火苗窜老高
        俺家隔壁走火啦 快来人呐
        屋头起火咯 快点来人
        着火喽着火喽
        火燭啊
        门口火锅店着火了
        烧烤摊那边着火了赶紧来人
        楼上电视着火了
        培训机构那层起火了
        去年烧过的那个车棚又着火了
        上次说的飞线充电，现在真的着火了
        没人管吗 3楼着火了
        火势越来越大 还没扑灭
        快帮忙报火警 5栋地下室
        插座冒烟了
        嗯那个就是我们楼下那个车棚现在着火了烟很大你们快点打电话叫消防队来
        喂喂喂物业在不在啊我是七栋的我楼下那户好像是着火了窗户里头一直往外冒黑烟你们快点来看看呀
        fire
        FIRE!!
        help fire
        fire in block 7
        the kitchen is on fire
        there's smoke pouring out of unit 5
        something exploded in the car park
        my neighbour's flat is burning, hurry
    """,
    Peril.GAS: """
        燃气泄漏了
        楼道里好大的煤气味
        好浓的天然气味道啊谁家漏气了
        煤气漏了煤气漏了
        满屋子都是煤气味头晕
        一进门就闻到一股煤气味
        煤氣洩漏
        3单元楼道里一股煤气味 谁家炉子没关
        跑煤气了 三单元的开窗
        gas leak in the basement
        i smell gas everywhere
        strong smell of gas in the corridor
        I think there might be a gas leak on level 3
    """,
    Peril.WIRE: """
        有人触电了
        积水有电 有人被电倒了
        电线掉下来打火花了
        高压线断了掉在路上
        路灯杆漏电把人麻了一下
        live wire on the ground
    """,
    Peril.COLLAPSE: """
        围墙塌了压到人了
        楼要塌了快跑
        天花板掉下来砸到孩子了
        脚手架倒了压着人了
        路面塌方了有车掉下去
        ceiling has collapsed
        the wall collapsed on someone
    """,
    Peril.TRAPPED: """
        电梯里困了人
        我被关在电梯里了
        我们困电梯里了快来人啊
        孩子卡电梯里了
        电梯卡住了里面有人出不来
        有老人被困在电梯里
        二单元电梯关人啦
        喂物业吗三单元有人困电梯里头了困了二十分钟了里面有个孕妇
        someone is trapped in the lift
        we are stuck in the elevator help
        stuck in lift blk 7
    """,
    Peril.MEDICAL: """
        有人晕倒了
        老人倒在地上叫不醒
        我爸没呼吸了
        有人跳楼
        楼顶有人要跳下来
        孩子掉河里了
        有人落水了快救人
        娃掉井里了
        流了好多血快叫救护车
        俺娘心脏病犯了快叫120
        孩子噎住了脸都紫了
        有人暈倒咗
        我妈没气了怎么办
        孩子从五楼摔下去了
        my dad is unconscious
        he's not breathing
        call an ambulance now
        child drowning in the pond
        she's having a heart attack
        someone fell off the roof
    """,
    Peril.VIOLENCE: """
        救命啊
        救命
        来人啊救命
        有人喊救命 好像是6楼
        有人拿刀砍人
        打起来了有人动刀子了
        有人持刀
        杀人啦
        抢劫啊快报警
        救命呀有人揸刀
        老公打我 求求你们来人
        man with a knife
        someone is being stabbed
        help me
        Help!!!
    """,
}
SILENCE = """
    今天下午三点消防演练，听到警报请勿惊慌
    明天消防演习 会放烟 大家别怕
    周六社区消防培训，教大家着火怎么逃生
    请各位业主谨防触电
    小心火烛 人走断电
    如果着火了千万别坐电梯
    万一电梯困人就按紧急按钮
    要是煤气泄漏可就麻烦了
    电动车进楼容易着火，请大家停到车棚
    飞线充电会引起火灾
    楼道堆纸箱有火灾隐患
    昨天5号楼着火的事处理完了吗
    去年那边也着火过
    上次电梯困人还是三月份
    火已经扑灭了，大家放心
    虚惊一场，不是着火，是做饭的烟
    没有着火，别瞎传
    师傅来过了，没有煤气味
    电影里那个楼着火的镜头太假了
    昨晚看电视剧，男主掉河里了
    新闻说有个小区燃气泄漏
    梦见家里着火了
    笑死我了，我做饭差点着火
    哈哈哈 我家猫掉水里了
    今晚吃火锅，辣得嘴里着火
    嗓子冒烟了，谁家有水
    等快递等得我快冒烟了哈哈
    气得我头顶冒火
    今天人多到爆炸了
    新开的店生意火起来了
    坐着火车去旅游
    守着火锅聊天
    谁家阳台的落水管掉了
    楼下落水口堵了
    家里没气了，是不是燃气欠费
    手机掉水里了还能修吗
    钥匙掉井里了
    跳楼价大甩卖
    救命，这家烧饼也太好吃了
    救命！这猫好可爱
    您真是我的救命恩人
    电梯门关不上老是响
    关于电梯维修的通知
    门禁卡电梯刷不了
    电梯里有人抽烟
    电梯坏了有人修吗
    油烟很大，楼下饭店没人管
    楼道里全是烟头
    抽烟味道很大
    有人把垃圾倒在路上
    车子压着人行道
    明天菜刀磨刀师傅来，拿菜刀来磨
    求一把水果刀
    狼人杀缺一个人
    燃气报警器是免费装的吗
    燃气公司明天上门安检，防止燃气泄漏
    请问有卖漏电保护器的吗
    预防煤气中毒小知识
    孩子早上叫不醒怎么办
    3号楼电梯又坏了
    路灯不亮好几天了
    垃圾没人收
    早上好
    fire drill at 3pm today
    watched a movie about a fire in a tower
    you're on fire tonight!
    this song is on fire
    what if there's a fire
    lol I almost collapsed
    there was a fire in block 3 last year
    the fire alarm test is tomorrow
    gas leak detector for sale
    no fire, false alarm
    /help
    you're fired!
    can someone help me move a sofa
"""


def lines(text):
    return [line.strip() for line in text.strip().splitlines()]


CRIED = [(peril, text) for peril, texts in CRIES.items() for text in lines(texts)]
SILENT = lines(SILENCE)


@pytest.mark.parametrize(("peril", "text"), CRIED)
def test_a_cry_for_help_is_heard_for_what_it_is(peril, text):
    assert spot(text) is peril


@pytest.mark.parametrize("text", SILENT)
def test_what_is_played_told_feared_or_over_is_no_cry(text):
    assert spot(text) is None


def test_there_are_enough_examples_to_mean_something():
    assert len(CRIED) >= 60
    assert len(SILENT) >= 60


@given(
    st.sampled_from(CRIED), st.text(" 　！!。~～\n😭🆘🙏\u200b", max_size=8), st.text(" ！!。😱", max_size=8)
)
def test_signs_and_blanks_around_a_cry_do_not_hide_it(cry, before, after):
    assert spot(f"{before}{cry[1]}{after}") is not None


@given(
    st.text(max_size=2 * NOTICE_LENGTH + 50)
    | st.text("着火没不电梯困人如果煤气味烟关救命 ,.!\n", max_size=400)
)
def test_any_text_has_an_answer(text):
    assert spot(text) in {None, *Peril}


def test_a_long_text_is_a_notice_whatever_it_holds():
    assert spot("着火了" + "啊" * (NOTICE_LENGTH - 3)) is Peril.FIRE
    assert spot("着火了" + "啊" * (NOTICE_LENGTH - 2)) is None


def test_latin_letters_need_twice_the_room():
    cry = "please come quickly " * 14 + "the kitchen is on fire"
    assert NOTICE_LENGTH < len(cry) <= 2 * NOTICE_LENGTH
    assert spot(cry) is Peril.FIRE
    assert spot(cry + " and" * 20) is None


@given(st.text("火烟电梯困关救命啊如果没不_ ,", min_size=2 * NOTICE_LENGTH + 1))
def test_nothing_longer_is_even_looked_at(text):
    assert spot(text) is None


def patterns():
    single = [value for value in vars(emergency).values() if isinstance(value, re.Pattern)]
    return [*single, *(words for _, words in emergency._WORDS)]


def unbounded_repeats(tree, inside=0):
    """How deep repeats without a bound stand in one another, and the widest bounded one."""
    for op, args in tree:
        if op in {constants.MAX_REPEAT, constants.MIN_REPEAT}:
            low, high, body = args
            endless = high is constants.MAXREPEAT
            yield inside + endless, 0 if endless else high - low
            yield from unbounded_repeats(body, inside + endless)
        elif op is constants.BRANCH:
            for branch in args[1]:
                yield from unbounded_repeats(branch, inside)
        elif op is constants.SUBPATTERN:
            yield from unbounded_repeats(args[3], inside)
        elif op in {constants.ASSERT, constants.ASSERT_NOT}:
            yield from unbounded_repeats(args[1], inside)


@pytest.mark.parametrize("pattern", patterns())
def test_no_pattern_can_backtrack_without_end(pattern):
    repeats = list(unbounded_repeats(parser.parse(pattern.pattern, pattern.flags)))
    assert all(depth <= 1 and width <= 48 for depth, width in repeats)


@pytest.mark.parametrize(
    ("category", "peril"),
    [
        ("safety.fire", Peril.FIRE),
        ("utilities.gas", Peril.GAS),
        ("housing.elevator", Peril.TRAPPED),
        ("disputes.family", Peril.VIOLENCE),
        ("safety.missing", Peril.VIOLENCE),
        ("safety.injury", Peril.MEDICAL),
        ("no.such.category", Peril.MEDICAL),
    ],
)
def test_every_category_leads_to_some_help(category, peril):
    assert peril_of(category) is peril
