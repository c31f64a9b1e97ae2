"""Countries: the numbers to call in an emergency, and what the clocks show."""

EMERGENCY: dict[str, dict[str, str]] = {
    "CN": {"fire": "119", "medical": "120", "police": "110"},
    "HK": {"fire": "999", "medical": "999", "police": "999"},
    "MO": {"fire": "999", "medical": "999", "police": "999"},
    "TW": {"fire": "119", "medical": "119", "police": "110"},
    "SG": {"fire": "995", "medical": "995", "police": "999"},
    "MY": {"fire": "999", "medical": "999", "police": "999"},
    "JP": {"fire": "119", "medical": "119", "police": "110"},
    "KR": {"fire": "119", "medical": "119", "police": "112"},
    "GB": {"fire": "999", "medical": "999", "police": "999", "gas": "0800 111 999"},
    "IE": {"fire": "112", "medical": "112", "police": "112"},
    "DE": {"fire": "112", "medical": "112", "police": "110"},
    "FR": {"fire": "18", "medical": "15", "police": "17"},
    "NL": {"fire": "112", "medical": "112", "police": "112"},
    "US": {"fire": "911", "medical": "911", "police": "911"},
    "CA": {"fire": "911", "medical": "911", "police": "911"},
    "AU": {"fire": "000", "medical": "000", "police": "000"},
    "NZ": {"fire": "111", "medical": "111", "police": "111"},
}
"""The numbers that the emergency texts name, by country; `[emergency]` in the file replaces any of them."""

ZONES: dict[str, str] = {
    "HK": "Asia/Hong_Kong",
    "MO": "Asia/Macau",
    "TW": "Asia/Taipei",
    "SG": "Asia/Singapore",
    "MY": "Asia/Kuala_Lumpur",
    "JP": "Asia/Tokyo",
    "KR": "Asia/Seoul",
    "GB": "Europe/London",
    "IE": "Europe/Dublin",
    "DE": "Europe/Berlin",
    "FR": "Europe/Paris",
    "NL": "Europe/Amsterdam",
    "US": "America/New_York",
    "CA": "America/Toronto",
    "AU": "Australia/Sydney",
    "NZ": "Pacific/Auckland",
}
"""What the clocks of the country show, at its largest city; China's where the country is not known."""
