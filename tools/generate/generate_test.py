#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the generator: what the notation means, what it refuses, what comes out."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import generate        # noqa: E402
import schema          # noqa: E402
import templates       # noqa: E402
import type_overlay    # noqa: E402

EXAMPLE = """
api Example 7 versions 1-5 unstable 5 flexible 3+ listeners broker controller

request
  struct Shared
    Id          int32
  Name          string?          = null    # a comment
  ErrorCode     int16    2-4     ignorable
  Topics        []Topic          nullable 2+
    Topic       string           key
    FirstOffset int64    4+      = -1
    Parts       []Shared
  Extra         Shared?  3+      tag 0 = null
  Client        string           inflexible

response
"""


def parse_one(text):
    return schema.parse(text)[0]


def request_with(lines):
    return parse_one("api A 1 versions 0-3 flexible 2+ listeners broker\nrequest\n" +
                     "".join(f"  {line}\n" for line in lines))


class ParserTest(unittest.TestCase):
    def setUp(self):
        self.request, self.response = schema.parse(EXAMPLE)

    def test_heading(self):
        request = self.request
        self.assertEqual((request.name, request.kind, request.number), ("ExampleRequest",
                                                                        "request", 7))
        self.assertEqual(str(request.versions), "1-5")
        self.assertEqual((request.unstable, request.flexible), (5, 3))
        self.assertEqual(request.listeners, ("broker", "controller"))
        self.assertEqual(self.response.name, "ExampleResponse")
        self.assertEqual(self.response.root.fields, [])

    def test_fields(self):
        name, error, topics, extra, client = self.request.root.fields
        self.assertEqual((name.type, name.nullable, name.default_null),
                         ("string", schema.Versions(1, schema.OPEN), True))
        self.assertEqual((str(error.versions), error.ignorable, error.default), ("2-4", True, None))
        self.assertEqual((topics.array, topics.type, str(topics.nullable)), (True, "Topic", "2+"))
        self.assertFalse(topics.default_null)
        self.assertEqual((extra.tag, extra.default_null), (0, True))
        self.assertTrue(client.inflexible)

    def test_structures(self):
        topic = self.request.struct("Topic")
        self.assertEqual([field.name for field in topic.fields], ["Topic", "FirstOffset", "Parts"])
        self.assertTrue(topic.fields[0].key)
        self.assertTrue(self.request.struct("Shared").shared)

    def test_other_kinds(self):
        record, data = schema.parse("record R 3 versions 0\n  A int8\n\ndata D versions 0-1\n")
        self.assertEqual((record.kind, record.number), ("record", 3))
        self.assertEqual((data.kind, data.number, data.flexible), ("data", None, None))


class RefusalTest(unittest.TestCase):
    def refuse(self, lines, sentence):
        with self.assertRaises(schema.SchemaError) as caught:
            request_with(lines)
        self.assertIn(sentence, str(caught.exception))

    def test_the_line_is_named(self):
        self.refuse(["A int8", "B int8 sideways"], "schema:4: unknown word 'sideways'")

    def test_versions(self):
        self.refuse(["A int8 3-1"], "ends before it begins")
        self.refuse(["A []B 2+", "  C int8 1+"], "C 1+ reaches beyond its owner's 2+")

    def test_structures(self):
        self.refuse(["A []B"], "nothing says what B is")
        self.refuse(["A int8", "  B int8"], "only a field with a structure of its own has fields")
        self.refuse(["A int8", "A int8"], "A is there twice")
        self.refuse(["struct B", "  C []B", "D B"], "B contains itself")

    def test_null(self):
        self.refuse(["A int8?"], "a int8 is never null")
        self.refuse(["A string nullable 1+ = null"], "default null, but not always nullable")

    def test_tags(self):
        self.refuse(["A int8 2+ tag 1"], "must be 0, 1, 2")
        self.refuse(["A int8 tag 0"], "a tag in an inflexible version")
        self.refuse(["A records 2+ tag 0"], "records cannot have a tag")

    def test_defaults(self):
        self.refuse(["A int8 = 128"], "128 is no int8")
        self.refuse(["A uint16 = -1"], "-1 is no uint16")
        self.refuse(["A bool = yes"], "no default 'yes' for bool")

    def test_headings(self):
        for text, sentence in (("request\n", "'request' before 'api'"),
                               ("  A int8\n", "a field before any heading"),
                               ("reply R 1 versions 0\n", "unknown heading 'reply'"),
                               ("record R 1 flexible 0+\n", "must name its versions"),
                               ("record R 1 versions 0+\n", "must name its versions")):
            with self.assertRaises(schema.SchemaError) as caught:
                schema.parse(text)
            self.assertIn(sentence, str(caught.exception))


class OverlayTest(unittest.TestCase):
    def test_snake_case(self):
        for name, snake in (("TopicData", "topic_data"), ("ISR", "isr"), ("leaderEpoch",
                            "leader_epoch"), ("KRaftVersion", "kraft_version"),
                            ("Enable2Pc", "enable2_pc"), ("Default", "default_")):
            self.assertEqual(type_overlay.snake_case(name), snake)

    def member(self, line):
        field = request_with([line]).root.fields[0]
        return (type_overlay.cpp_type("ARequest", field),
                type_overlay.initializer("ARequest", field).strip())

    def test_strong_types(self):
        self.assertEqual(self.member("BaseOffset int64 = -1"), ("base::Offset", "{-1}"))
        self.assertEqual(self.member("OffsetLag int64"), ("std::int64_t", "= 0"))
        self.assertEqual(self.member("ErrorCode int16"),
                         ("base::ErrorCode", "= base::ErrorCode::kNone"))
        self.assertEqual(self.member("Isr []int32?  = null"),
                         ("std::optional<std::vector<base::BrokerId>>", ""))
        self.assertEqual(self.member("LeaderEpoch int32"), ("base::LeaderEpoch", ""))

    def test_plain_types(self):
        self.assertEqual(self.member("A string"), ("std::string", ""))
        self.assertEqual(self.member("A string?"),
                         ("std::optional<std::string>", "= std::string()"))
        self.assertEqual(self.member("A records?"), ("std::optional<Records>", ""))
        self.assertEqual(self.member("A bool = true"), ("bool", "= true"))
        self.assertEqual(self.member("A int32 = -2147483648"), ("std::int32_t", "= INT32_MIN"))
        self.assertEqual(self.member("A uuid"), ("base::Uuid", "{}"))


class TemplatesTest(unittest.TestCase):
    def test_inner_structures_come_first(self):
        request = request_with(["A []Outer", "  B []Inner", "    C int8"])
        self.assertEqual([struct.name for struct in templates.inner_first(request)],
                         ["Inner", "Outer"])

    def test_the_least_size_of_an_element(self):
        request = request_with(["A []B", "  C int32", "  D string 1+", "  E []int8",
                                "  F int64 2+ tag 0", "G []uuid"])
        sizes = templates.WireSizes(request)
        # Version 0: 4 + an array's 4; version 2: 4 + 1 + 1 and the tagged section's 1.
        self.assertEqual(sizes.element(request.root.fields[0]), 7)
        self.assertEqual(sizes.element(request.root.fields[1]), 16)

    def test_a_version_held_back_is_not_offered(self):
        request, _ = schema.parse(EXAMPLE)
        self.assertEqual(templates.latest_stable(request), 4)
        header = templates.header(schema.SchemaFile("example", [request]), "messages")
        self.assertIn("kMaxVersion = 5;", header)
        self.assertIn("kLatestStableVersion = 4;", header)
        self.assertIn("base::ErrorCode error_code = base::ErrorCode::kNone;  // 2-4", header)


class OutputTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = pathlib.Path(self.directory.name)
        (self.path / "messages").mkdir()
        (self.path / "messages" / "example.msg").write_text(EXAMPLE)

    def files(self):
        return [(folder, schema.parse_file(self.path / folder / f"{stem}.msg", stem))
                for folder, stem in generate.stems(self.path)]

    def test_the_names_are_known_without_parsing(self):
        names = generate.output_names(generate.stems(self.path))
        self.assertEqual(sorted(names), sorted(generate.generate(self.files())))

    def test_what_stays_the_same_is_not_touched(self):
        path = self.path / "out" / "file.h"
        generate.write_if_changed(path, "text")
        before = path.stat().st_mtime_ns
        generate.write_if_changed(path, "text")
        self.assertEqual(path.stat().st_mtime_ns, before)
        generate.write_if_changed(path, "other")
        self.assertEqual(path.read_text(), "other")

    def test_two_runs_give_the_same(self):
        self.assertEqual(generate.generate(self.files()), generate.generate(self.files()))

    def test_the_document_has_a_row_for_each_api(self):
        files = self.files()
        document = templates.protocol_document(files, generate.collect_apis(files))
        self.assertIn("| 7 | Example | 1-4 | 3+ | broker, controller |", document)


if __name__ == "__main__":
    unittest.main()
