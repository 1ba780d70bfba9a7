"""What every card must keep to, beyond the schema. Returns complaints; none is good.

The schema's own messages are of little use (one alternative of many failed), so most of what can
go wrong with our cards is said here in words.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft6Validator

from cards.click import BadClick

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cards.build import Card, Element
    from cards.seal import Seal

MAX_BYTES = 25_000

_SCHEMA = json.loads((Path(__file__).parent / "schema/adaptive-card-1.5.json").read_text("utf-8"))
_VALIDATOR = Draft6Validator(_SCHEMA)
_WORDS = frozenset({"text", "title", "label", "id", "speak", "fallbackText", "verb", "url"})
"""Fields of which the schema says only that they are text."""
_MARKDOWN = re.compile(
    r"[*`~\\]|<(?=[^\s\u2060])|\](?=[(\[:])|&(?=[#\w]+;)|://|\bwww\.|(?<!\w)_|_(?!\w)|\{\{"
    r"|^(?:[#>=+-]|\d+[.)](?:\s|$))"
)
_CONFIRMING = {"disconnect.now", "settings.switch"}
_CHART_COLOURS = {"good", "attention", "categoricalBlue", "categoricalLavender"}
"""Those that we use, of the many that Teams documents."""
_INVISIBLE = re.compile("[\x00-\x1f\x7f\ufeff\u202a-\u202e]")


def complaints(card: Card, seal: Seal, allowed_url: str) -> list[str]:
    elements, shown = list(walk(card)), without_charts(card)
    entered = {e["id"]: e.get("value", "") for e in elements if e["type"].startswith("Input.")}
    return [
        *_misshapen(json.dumps(_shape(shown))),
        *_whole(card, elements),
        *(problem for element in walk(shown) for problem in _text(element)),
        *(problem for element in elements for problem in _chart(element)),
        *(
            problem
            for element in elements
            for problem in _button(element, seal, allowed_url, entered)
        ),
    ]


@functools.cache
def _misshapen(shape: str) -> tuple[str, ...]:
    """What the schema says. Most cards differ in words only."""
    card = json.loads(shape)
    if fits(card, _SCHEMA):
        return ()
    return tuple(f"schema: {error.message[:200]}" for error in _VALIDATOR.iter_errors(card))


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
    "integer": int,
}
_SAYS_NOTHING = frozenset(
    {"$schema", "id", "definitions", "description", "version", "features", "format", "default"}
    | {"example", "examples"}
)


def fits(node: Any, schema: Mapping[str, Any]) -> bool:
    """Whether this certainly keeps to the schema, in a hundredth of the time that jsonschema takes.

    Knows the keywords of the Adaptive Card's schema; with any other it is not certain.
    """
    return all(_keeps_to(node, schema, keyword) for keyword in schema.keys() - _SAYS_NOTHING)


def _keeps_to(node: Any, schema: Mapping[str, Any], keyword: str) -> bool:
    rule = schema[keyword]
    match keyword:
        case "$ref":
            return fits(node, _SCHEMA["definitions"][rule.removeprefix("#/definitions/")])
        case "anyOf":
            kind = node.get("type") if isinstance(node, dict) else None
            alternatives = (one for one in rule if kind is None or _may_be(kind, one))
            return any(fits(node, one) for one in alternatives)
        case "allOf":
            return all(fits(node, one) for one in rule)
        case "enum":
            return type(node) is str and node in rule
        case "pattern":
            return not isinstance(node, str) or re.search(rule, node) is not None
        case "type":
            number = rule in {"number", "integer"}
            return isinstance(node, _TYPES[rule]) and not (number and isinstance(node, bool))
        case "items":
            return not isinstance(node, list) or all(fits(item, rule) for item in node)
        case "required":
            return not isinstance(node, dict) or node.keys() >= set(rule)
        case "properties":
            return not isinstance(node, dict) or all(
                fits(node[name], rule[name]) for name in rule.keys() & node.keys()
            )
        case "additionalProperties":
            return not isinstance(node, dict) or all(
                fits(node[name], rule) if isinstance(rule, dict) else rule
                for name in node.keys() - schema.get("properties", {}).keys()
            )
        case _:
            return False


def _may_be(kind: Any, alternative: Mapping[str, Any]) -> bool:
    """Whether what the schema refers to is of this type: of twenty alternatives, one is."""
    references = [alternative, *alternative.get("allOf", [])]
    for name in (one["$ref"].removeprefix("#/definitions/") for one in references if "$ref" in one):
        named = _SCHEMA["definitions"][name].get("properties", {}).get("type", {}).get("enum")
        if named is not None and kind not in named:
            return False
    return True


def _shape(node: Any) -> Any:
    """A card without its words and what its buttons carry."""
    if isinstance(node, list):
        return [_shape(item) for item in node]
    if not isinstance(node, dict):
        return node
    shape = {}
    for key, value in node.items():
        if key in _WORDS and isinstance(value, str):
            shape[key] = ""
        else:
            shape[key] = {} if key == "data" and isinstance(value, dict) else _shape(value)
    return shape


def without_charts(node: Any) -> Any:
    """The card as a client shows it that knows no more than version 1.5: with the fallbacks."""
    if isinstance(node, list):
        return [without_charts(item) for item in node]
    if not isinstance(node, dict):
        return node
    if str(node.get("type")).startswith("Chart.") and isinstance(node.get("fallback"), dict):
        return without_charts(node["fallback"])
    return {key: without_charts(value) for key, value in node.items()}


def walk(node: Any) -> Iterator[Element]:
    """Every element, run, column and action of a card; not the data of its buttons."""
    if isinstance(node, dict):
        if "type" in node:
            yield node
        for key, value in node.items():
            if key not in {"data", "fallback"}:
                yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def _whole(card: Card, elements: Sequence[Element]) -> Iterator[str]:
    if card["version"] != "1.5":
        yield "Teams shows cards up to version 1.5"
    size = len(json.dumps(card, ensure_ascii=False).encode("utf-16-le"))
    if size > MAX_BYTES:
        yield f"{size} bytes: too large"
    ids = Counter(element["id"] for element in elements if "id" in element)
    yield from (f"id {name} appears {count} times" for name, count in ids.items() if count > 1)
    for name in ("fallbackText", "speak"):
        if not card.get(name) or _MARKDOWN.search(card[name]) or _INVISIBLE.search(card[name]):
            yield f"{name} must be there and hold no Markdown: {card.get(name)!r}"


def _text(element: Element) -> Iterator[str]:
    kind = element["type"]
    if kind in {"FactSet", "Image", "Media"}:
        yield f"{kind}: its text is read as Markdown, or it loads from outside"
    if kind.startswith("Input.") and not element.get("label"):
        yield f"input {element.get('id')} has no label"
    for said in _read_as_they_are(element):
        if "{{" in said or _INVISIBLE.search(said):
            yield f"replaced or invisible: {said!r}"
    for option in element.get("choices", []):
        if _MARKDOWN.search(option["title"]):
            yield f"Markdown: {option['title']!r}"
    if kind == "TextBlock":
        if element.get("wrap") is not True:
            yield f"does not wrap: {element['text']!r}"
        if element.get("style") != "heading":
            yield f"only headings are text blocks: {element['text']!r}"
        if _MARKDOWN.search(element["text"]):
            yield f"Markdown: {element['text']!r}"
    if kind == "TextRun":
        if "{{" in element["text"]:
            yield f"replaced by clients: {element['text']!r}"
        if _INVISIBLE.search(element["text"]):
            yield f"invisible characters: {element['text']!r}"
    tinted = kind == "Container" and element.get("style") in {"good", "warning", "attention"}
    if tinted and not any(part.get("text") for part in walk(element)):
        yield "a state is said by colour alone"


def _read_as_they_are(element: Element) -> Iterator[str]:
    """Texts that no client formats, though some replace what stands in double braces."""
    yield from (element.get(name, "") for name in ("title", "label"))
    yield from (option["title"] for option in element.get("choices", []))
    if element["type"].startswith("Input."):
        yield str(element.get("value", ""))


def _chart(element: Element) -> Iterator[str]:
    """Teams' documentation of Chart.HorizontalBar; no other chart is used."""
    kind = element["type"]
    if not kind.startswith("Chart."):
        return
    if kind != "Chart.HorizontalBar":
        yield f"{kind} is not used by our cards"
        return
    fields = {"type", "displayMode", "data", "fallback", "spacing"}
    if not element.keys() <= fields or not isinstance(element.get("fallback"), dict):
        yield f"a chart has {sorted(fields)} and something to show in its place"
    if element.get("displayMode") not in {"AbsoluteWithAxis", "AbsoluteNoAxis", "PartToWhole"}:
        yield f"unknown display mode {element.get('displayMode')!r}"
    for value in element.get("data", []):
        count = value.get("y")
        fits = value.keys() == {"x", "y", "color"} and type(count) is int and count >= 0
        if not fits or value["color"] not in _CHART_COLOURS or _MARKDOWN.search(value["x"]):
            yield f"not a value of a chart: {value}"
    if not element.get("data"):
        yield "a chart of nothing"


def _button(
    element: Element, seal: Seal, allowed_url: str, entered: dict[str, Any]
) -> Iterator[str]:
    match element["type"]:
        case "Action.Execute":
            sent = [(element["verb"], element["data"])]
            # A button, not a card that refreshes itself, nor a row that has a button beside it.
            if "title" in element and not element["id"].startswith("row-"):
                sent.append(("", element["fallback"]["data"]))
            for verb, data in sent:
                try:
                    seal.opened(verb, json.loads(json.dumps(entered | data)))
                except BadClick as error:
                    yield f"{element['title']}: {error}"
            if element["verb"] in _CONFIRMING and not element["title"].startswith(
                ("Enable", "Disable", "Connect", "Disconnect")
            ):
                yield f"a confirming button says what it does: {element['title']}"
            if "title" not in element:
                return
        case "Action.OpenUrl":
            if element["url"] != allowed_url:
                yield f"leads outside: {element['url']}"
        case "Action.Submit" | "Action.ShowCard" | "Action.ToggleVisibility":
            yield f"{element['type']} is not used by our cards"
    if element["type"].startswith("Action.") and not 0 < len(element.get("title", "")) <= 30:
        yield f"a button's title is short: {element.get('title')!r}"
