"""Invented people, businesses and places. Every address ends in `.example`, every telephone number is 555-01xx."""

from service.sandbox.dice import Dice


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(";"))


_GIVEN = _words(
    """
    Ada Amir Anaïs Bao Beatriz Björn Carmen Chidi Clara Dagny Dario Devi Eero Elif Emeka Esther Farid Fiona Gabriel
    Greta Hana Hugo Ines Isamu Jānis João Jonas Judith Kaito Karim Katya Kofi Lars Leïla Liam Lucía Magda Malik
    Marta Mei Milo Nadia Ngozi Noor Olga Omar Oskar Paola Pía Quentin Rafael Rosa Ruth Samir Sanna Søren Tariq Tessa
    Uma Vera Wanjiru Xavier Yusuf Zoë
    """
)
_FAMILY = _words(
    """
    Abara Almeida Andersson Banerjee Becker Bélanger Castillo Chen Cohen Dahl Delgado Dubois Eriksen Fischer Fraser
    García Gomes Grant Haddad Hansen Hughes Ibrahim Ito Jansen Jones Kaplan Kim Kowalski Larsen Lee Lopez MacLeod
    Marín Mensah Moreau Müller Nakamura Ng Novák O'Brien Okafor Olsen Park Patel Pérez Petrov Quinn Ramos Reyes
    Rossi Sato Schmidt Silva Singh Suzuki Tanaka Thompson Tran Ueda Vargas Weber Wójcik Yildiz Zhang
    """
)
_FIRST = _words(
    """
    Amber Anchor Aspen Atlas Beacon Birch Blue Bright Cedar Clear Cobalt Copper Coral Crest Delta Dogwood Eagle East
    Ember Evergreen Fern First Flint Forest Garnet Golden Granite Green Harbor Hazel Heron Hollow Indigo Iron Ivory
    Jade Juniper Keystone Lakeside Laurel Linden Lunar Maple Marble Meadow Mesa Mill North Oak Ocean Olive Onyx
    Orchard Pine Prairie Quartz Red River Sable Silver Stone Summit Tidal Willow
    """
)
_SECOND = _words(
    """
    Analytics Apparel Architects Autoworks Bakery Bicycles Brewing Builders Cabinetry Catering Ceramics Chiropractic
    Cleaners Coffee Consulting Creamery Dental Design Distillery Drafting Electric Engineering Fabrication Farms
    Films Fitness Florists Foods Freight Furniture Gardens Glass Grocers Hardware Holdings Hospitality Imports
    Interiors Labs Landscaping Leather Logistics Machining Marine Media Metals Music Nursery Optical Outfitters
    Paper Pharmacy Photography Plumbing Pottery Press Printing Properties Records Roofing Software Studios Textiles
    Veterinary
    """
)
_THIRD = _phrases(
    """
    LLC; Inc.; Co.; Group; Partners; & Sons; & Daughters; Corp.; Ltd.; Trust; Collective; Works; of Albany; of
    Boise; of Dayton; of Eugene; of Fargo; of Juneau; of Laredo; of Mobile; of Peoria; of Reno; of Salem; of Tulsa;
    of Utica; of Waco
    """
)
_INITIALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_STREETS = ("Alder Street", "Canal Road", "Elm Avenue", "Foundry Lane", "Mill Road", "Quay Street", "Station Way")
_PLACES = (
    ("Albany", "NY", "12207"),
    ("Boise", "ID", "83702"),
    ("Dayton", "OH", "45402"),
    ("Eugene", "OR", "97401"),
    ("Reno", "NV", "89501"),
    ("Tulsa", "OK", "74103"),
)

CAPACITY = len(_GIVEN) * len(_FAMILY) * len(_INITIALS)
"""How many clients can have a name of their own: the names are a bijection, so no two are ever equal."""


def person(number: int, seed: int) -> tuple[str, str, str]:
    """Given name, middle initial and family name of client `number`; unique below CAPACITY."""
    rest, given = divmod(_spread(number, seed), len(_GIVEN))
    initial, family = divmod(rest, len(_FAMILY))
    return _GIVEN[given], _INITIALS[initial], _FAMILY[family]


def business(number: int, seed: int) -> str:
    """The name of the business that client `number` is; unique below CAPACITY."""
    rest, first = divmod(_spread(number, seed), len(_FIRST))
    third, second = divmod(rest, len(_SECOND))
    return f"{_FIRST[first]} {_SECOND[second]} {_THIRD[third]}"


def slug(text: str) -> str:
    """The letters and digits of a name that may stand in a host name."""
    return "".join(character for character in text.lower() if character.isascii() and character.isalnum())


def phone(dice: Dice) -> str:
    """A number that rings nowhere."""
    return f"({dice.between(201, 989)}) 555-01{dice.roll(100):02d}"


def address(dice: Dice) -> tuple[str, str, str, str]:
    """Street, city, state and postal code."""
    return (f"{dice.between(1, 999)} {dice.pick(_STREETS)}", *dice.pick(_PLACES))


def _spread(number: int, seed: int) -> int:
    return (number * 48271 + seed * 7919) % CAPACITY
