"""Every role that the shipped list names has a name in English."""

from bot.matter_list import shipped
from bot.roles import name_of_unit


def test_every_role_of_the_list_has_an_english_name():
    roles = {role for matter in shipped().matters for role in (matter.lead, *matter.assisting)}
    assert not [role for role in roles if name_of_unit(role, "en") == role]
    assert all(name_of_unit(role, "zh_CN") == role for role in roles)


def test_a_city_s_own_unit_keeps_its_name():
    assert name_of_unit("春风街道市政所", "en") == "春风街道市政所"
