"""HTML reads as a person sees it."""

from __future__ import annotations

from time import process_time

import pytest

from gateway.core.message.html import to_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("to<b>mor</b>row", "tomorrow"),
        ("one<br>two<div>three</div>four", "one\ntwo\nthree\nfour"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("m&ouml;chte&nbsp;ich", "möchte ich"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<style>x</style><script>y</script><title>z</title>seen", "seen"),
        ("<div style='Display : None'>tracker<p>more</p></div>seen", "seen"),
        ("<span hidden>no</span><span style='opacity:0.5'>yes</span>", "yes"),
        ("<blockquote type=cite>old<blockquote type=cite>older</blockquote></blockquote>new", "> old\n>> older\nnew"),
        ("<blockquote style='margin:0 0 0 40px'>mine</blockquote>", "mine"),
        ("<?xml version='1.0' encoding='utf-16'?><html><body>hi", "hi"),
        ("<p>unclosed <b>all <i>the way", "unclosed all the way"),
        ("nul\0here", "nulhere"),
        ("\ud800x", "?x"),
    ],
)
def test_what_is_seen_is_read(markup: str, text: str) -> None:
    assert to_text(markup) == text


def test_no_depth_loses_text() -> None:
    assert to_text("<div>" * 20_000 + "deep") == "deep"


def test_closing_tags_that_close_nothing_cost_no_minutes() -> None:
    begun = process_time()
    assert "word" in to_text("<b>" * 100_000 + "</i>" * 100_000 + "word")
    assert process_time() - begun < 5
