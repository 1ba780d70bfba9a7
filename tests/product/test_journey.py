"""A person's whole way through the product, over HTTP, in production mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doubles.outside import link_in, titles, words

if TYPE_CHECKING:
    from tests.doubles.outside import Outside, Product

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_connect(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = product.chat(person)
    offer = await chat.says("connect")
    print(words(offer.card), titles(offer.card))
    page = await product.sign_in(link_in(offer.card), person)
    print(page.words)
    print(words(chat.now(offer)))
    assert "Connected" in page.words
    assert words(chat.now(offer)).startswith("Connected")
