"""Invented people from a seed: given names, surnames made of syllables, towns. Knows no real person."""

from __future__ import annotations

import random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


WOMEN = _words("""
    Ada Agnes Aiko Alba Amara Anika Anouk Astrid Bea Britt Carmen Chloé Clara Dalia Edda Elif Elin Esme
    Fatou Freya Gwen Hana Helga Ida Ines Ingrid Iris Jana June Kaia Keiko Lena Lien Lotte Luz Mabel
    Maeve Malin Marta Mei Mina Nadia Nell Noor Odile Olga Paloma Petra Rosa Runa Sanna Saoirse Selma
    Signe Sofía Tamar Tove Uma Vera Wanda Xenia Yara Ylva Zoë Anne-Marie Zuzana
""")
MEN = _words("""
    Abel Ahmed Akio Anders Anton Arlo Arne Bjørn Bram Bruno Cai Cyrus Dario Diego Edgar Emil Enzo Ezra Felix
    Finn Goran Hamid Hugo Idris Igor Ivo Jaan Jonas José Juan Kai Kenji Knut Lars Leif Lev Luca Łukasz Magnus
    Marek Matteo Milo Nils Noé Olaf Omar Oskar Otis Pavel Pablo Quentin Rafael Remy Rune Samir Sten Sven Tariq
    Teo Tomás Ugo Viktor Wim Yusuf Zane Jean-Luc
""")
HEADS = _words("""
    Ar Bel Bran Cor Dal Del Dor El Fal Fen Gar Gil Hal Har Hol Is Jor Kal Kes Lan Lor Mal Mar Mor Nor Or
    Pel Quin Ral Ros Sal Sel Tal Tor Ul Val Ver Wil Yor Zel Åk Østr Ñan O'Bel Mc
""")
TAILS = _words("""
    berg by dahl det dorf ez fort gard ham holt ick ino kin land ley man mere moto nen ova quist rud sen
    ska son stad ton vik wyn
""")
MIDDLES = ("a", "an", "ber", "da", "den", "di", "en", "er", "i", "la", "lin", "ma", "o", "ri", "ta", "ven", "")
TOWN_TAILS = ("ford", "haven", " Bay", "mouth", " Falls", "stead", " Springs", "wick")


class People:
    """A stream of invented people that is the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._surnames = tuple(
            f"{head}{middle}{tail}".replace("Mc", "Mc" if middle else "Mac")
            for head in HEADS
            for middle in MIDDLES
            for tail in TAILS
        )

    def name(self, sex: str) -> tuple[str, str]:
        draw = self._random.random
        given = WOMEN if sex == "F" else MEN
        return given[int(draw() * len(given))], self._surnames[int(draw() * len(self._surnames))]

    def town(self) -> str:
        return self._random.choice(HEADS[:-4]) + self._random.choice(TAILS) + self._random.choice(TOWN_TAILS)
