"""A validator for the part of JSON Schema that the schemas in experiments/schema (draft 7) and
/openapi.json (2020-12) use.

An unknown keyword is an error: nothing is passed over without a check.  Numbers may be read as
Decimal (`read`), so that `multipleOf: 0.000001` is exact.
"""

import functools
import json
import re
from decimal import Decimal

QUIET = {"$schema", "title", "description", "definitions", "$ref", "then", "additionalItems",
         "examples", "default"}


def read(text):
    return json.loads(text, parse_float=Decimal)


def same(one, other):
    """Equality of JSON: true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def is_number(value):
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


TYPES = {
    "string": lambda value: isinstance(value, str),
    "number": is_number,
    "integer": lambda value: is_number(value) and value == int(value),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}


@functools.lru_cache(None)
def compiled(pattern):
    """ECMA's `$` is the very end; Python's is also before a last line break."""
    return re.compile(re.sub(r"(?<!\\)\$(?=$|\))", r"\\Z", pattern))


def searched(pattern, text):
    return compiled(pattern).search(text) is not None


class Schema:
    def __init__(self, document, items_max=None):
        self.root = document
        self.items_max = items_max  # of a longer list only so many are looked at; None: all
        self.references = {}

    def referred(self, reference):
        """The schema at a JSON pointer into the document."""
        if reference not in self.references:
            found = self.root
            for name in reference.removeprefix("#/").split("/"):
                found = found[name.replace("~1", "/").replace("~0", "~")]
            self.references[reference] = found
        return self.references[reference]

    def faults(self, value):
        """Places and reasons, empty when the value is valid."""
        return list(self.check(self.root, value, "$"))

    def fits(self, schema, value):
        return not any(self.check(schema, value, ""))

    def check(self, schema, value, place):
        if "$ref" in schema:
            yield from self.check(self.referred(schema["$ref"]), value, place)
            if len(schema) == 1:
                return
        for keyword, wanted in schema.items():
            if keyword in QUIET:
                continue
            rule = getattr(self, "rule_" + keyword.replace("$", ""), None)
            if rule is None:
                raise ValueError("the validator does not know " + keyword)
            yield from rule(schema, wanted, value, place)

    # ---- any value ----

    def rule_type(self, _, wanted, value, place):
        names = [wanted] if isinstance(wanted, str) else wanted
        if not any(TYPES[name](value) for name in names):
            yield "%s is no %s" % (place, "/".join(names))

    def rule_enum(self, _, wanted, value, place):
        if not any(same(value, one) for one in wanted):
            yield place + " is none of the words"

    def rule_const(self, _, wanted, value, place):
        if not same(value, wanted):
            yield place + " is not the word"

    def rule_anyOf(self, _, wanted, value, place):
        if not any(self.fits(one, value) for one in wanted):
            yield place + " fits no form"

    def rule_oneOf(self, _, wanted, value, place):
        if sum(self.fits(one, value) for one in wanted) != 1:
            yield place + " fits none or several forms"

    def rule_allOf(self, _, wanted, value, place):
        for one in wanted:
            yield from self.check(one, value, place)

    def rule_not(self, _, wanted, value, place):
        if self.fits(wanted, value):
            yield place + " fits what it must not"

    def rule_if(self, schema, wanted, value, place):
        if self.fits(wanted, value):
            yield from self.check(schema["then"], value, place)

    # ---- texts and numbers ----

    def rule_pattern(self, _, wanted, value, place):
        if isinstance(value, str) and not searched(wanted, value):
            yield place + " has another form"

    def rule_minLength(self, _, wanted, value, place):
        if isinstance(value, str) and len(value) < wanted:
            yield place + " is too short"

    def rule_maxLength(self, _, wanted, value, place):
        if isinstance(value, str) and len(value) > wanted:
            yield place + " is too long"

    def rule_minimum(self, _, wanted, value, place):
        if is_number(value) and value < wanted:
            yield place + " is too small"

    def rule_maximum(self, _, wanted, value, place):
        if is_number(value) and value > wanted:
            yield place + " is too large"

    def rule_exclusiveMinimum(self, _, wanted, value, place):
        if is_number(value) and value <= wanted:
            yield place + " is too small"

    def rule_exclusiveMaximum(self, _, wanted, value, place):
        if is_number(value) and value >= wanted:
            yield place + " is too large"

    def rule_multipleOf(self, _, wanted, value, place):
        if is_number(value) and Decimal(value) % Decimal(wanted) != 0:
            yield place + " has too many places"

    # ---- lists ----

    def rule_items(self, schema, wanted, value, place):
        if not isinstance(value, list):
            return
        if isinstance(wanted, dict):
            for index in self.indexes(len(value)):
                yield from self.check(wanted, value[index], "%s[%d]" % (place, index))
            return
        if schema.get("additionalItems", True) is False and len(value) > len(wanted):
            yield place + " has too many items"
        for index, (one, item) in enumerate(zip(wanted, value)):
            yield from self.check(one, item, "%s[%d]" % (place, index))

    def indexes(self, count):
        if not self.items_max or count <= self.items_max:
            return range(count)
        return [i * (count - 1) // (self.items_max - 1) for i in range(self.items_max)]

    def rule_minItems(self, _, wanted, value, place):
        if isinstance(value, list) and len(value) < wanted:
            yield place + " has too few items"

    def rule_maxItems(self, _, wanted, value, place):
        if isinstance(value, list) and len(value) > wanted:
            yield place + " has too many items"

    def rule_uniqueItems(self, _, wanted, value, place):
        if wanted and isinstance(value, list) and any(
                same(one, other) for i, one in enumerate(value) for other in value[:i]):
            yield place + " has an item twice"

    # ---- objects ----

    def rule_required(self, _, wanted, value, place):
        for name in wanted if isinstance(value, dict) else []:
            if name not in value:
                yield "%s has no %s" % (place, name)

    def rule_properties(self, _, wanted, value, place):
        for name, one in wanted.items() if isinstance(value, dict) else []:
            if name in value:
                yield from self.check(one, value[name], place + "." + name)

    def rule_additionalProperties(self, schema, wanted, value, place):
        for name in value if isinstance(value, dict) else []:
            if name in schema.get("properties", {}):
                continue
            if wanted is False:
                yield "%s has the unknown key %s" % (place, name)
            else:
                yield from self.check(wanted, value[name], place + "." + name)

    def rule_propertyNames(self, _, wanted, value, place):
        for name in value if isinstance(value, dict) else []:
            yield from self.check(wanted, name, "%s, the key %s" % (place, name))

    def rule_minProperties(self, _, wanted, value, place):
        if isinstance(value, dict) and len(value) < wanted:
            yield place + " has too few keys"

    def rule_maxProperties(self, _, wanted, value, place):
        if isinstance(value, dict) and len(value) > wanted:
            yield place + " has too many keys"

    def rule_dependencies(self, _, wanted, value, place):
        for name, others in wanted.items() if isinstance(value, dict) else []:
            if name in value:
                yield from self.rule_required(None, others, value, place)
