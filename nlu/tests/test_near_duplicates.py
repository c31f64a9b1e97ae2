"""What says the same in nearly the same letters."""

from near_duplicates import pairs


def test_texts_that_differ_in_signs_blanks_digits_script_or_width_are_the_same():
    said = ["3号楼电梯又坏了,快来人", "5号樓電梯 又坏了！！快来人", "８号楼电梯又坏了…快来人"]
    assert sorted(pairs(said)) == [(0, 1), (0, 2), (1, 2)]


def test_a_letter_changed_in_a_long_text_is_the_same():
    long = "明天上午九点到下午五点本小区因为管道检修全部停水请各位居民提前储水做好准备"
    assert list(pairs([long, long.replace("各位", "大家")])) == []
    assert list(pairs([long, long + "吧"])) == [(0, 1)]


def test_texts_of_less_than_eight_letters_are_left_alone():
    assert list(pairs(["电梯又坏了呀", "电梯又坏了呀"])) == []
    assert list(pairs(["电梯又坏了呀师傅", "电梯又坏了呀师傅"])) == [(0, 1)]


def test_laughter_is_left_alone():
    assert (
        list(pairs(["哈哈哈哈哈哈哈哈哈", "哈哈哈哈哈哈哈哈哈哈哈", "hahahahahaha", "hahahahahahaha"])) == []
    )


def test_texts_far_apart_in_the_list_are_compared():
    fillers = [f"{chr(0x4E00 + n)}{chr(0x5E00 + n)}家门前的灯今天晚上{chr(0x6E00 + n)}" for n in range(700)]
    said = ["楼下烧烤摊吵到半夜两点", *fillers, "楼下烧烤摊吵到半夜 两点!"]
    assert (0, len(said) - 1) in set(pairs(said))


def test_nothing_is_like_nothing():
    assert list(pairs([])) == []
    assert list(pairs(["", "3", "只有这一句话是够长的"])) == []
