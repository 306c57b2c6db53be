"""The unified nouns: what every vendor's records become. Pure data; imports nothing of ours.

Three ways of being empty, told apart in every field:

    null            the vendor says there is none
    absent (UNSET)  the vendor cannot say; the field's name stands in `meta.unsupported`
    redacted        policy removed it; the field's name stands in `meta.redacted`
"""
