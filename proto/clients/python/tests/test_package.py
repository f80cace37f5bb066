from __future__ import annotations

import importlib.metadata
import pathlib
import unittest

REPOSITORY = pathlib.Path(__file__).parents[4]


class Package(unittest.TestCase):
    def test_what_is_installed_has_the_licence_of_the_repository(self) -> None:
        found = [file for file in importlib.metadata.files("ipamer") or () if file.name == "LICENSE"]
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0].read_text(), (REPOSITORY / "LICENSE").read_text())
