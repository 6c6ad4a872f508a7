"""A page looked at in a real Chromium: what it complained of, what it asked for in vain, whom it would shut out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHINESE = re.compile(r"[\u3400-\u9fff]+")
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}

# Texts and labels of a page in the language of the page: what stands in an element of another language is left out.
SAID = """() => {
  const said = [], chinese = /[\\u3400-\\u9fff]/;
  const other = (node) => { const near = node.closest("[lang]"); return near && near.lang.startsWith("zh"); };
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, of = node.nodeType === 3 ? node.parentElement : node;
    if (!of || ["SCRIPT", "STYLE"].includes(of.tagName) || other(of)) continue;
    if (node.nodeType === 3) said.push(node.data);
    else for (const name of ["alt", "title", "aria-label", "placeholder"]) said.push(node.getAttribute(name) || "");
  }
  return said.filter((each) => chinese.test(each));
}"""
AXE = """() => axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations
  .filter((each) => ["serious", "critical"].includes(each.impact))
  .map((each) => `axe ${each.impact}: ${each.id}: ${each.help}: `
    + each.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")))"""
# u is a standard uncertainty and U an expanded one: no style may make a capital of a symbol.
CAPITALS = """() => [...document.querySelectorAll("th, dt, label")]
  .filter((each) => /^[a-zα-ω](·[a-z])?$/.test(each.textContent.trim())
    && getComputedStyle(each, "::first-letter").textTransform !== "none")
  .map((each) => `a capital is made of ${each.textContent.trim()}`)"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Reader:
    """A person with a browser: signed in or not, with a language."""

    def __init__(self, browser: Browser, address: str, session: str, language: str, **more: Any) -> None:
        self.address, self.language = address, language
        self.context: BrowserContext = browser.new_context(
            locale={"zh": "zh-CN", "en": "en-GB"}[language], viewport=DESK, **more
        )
        if session:
            self.context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        self.page: Page = self.context.new_page()
        self.heard: list[str] = []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.heard.append(f"script: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"console {message.type}: {message.text}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400:
            self.heard.append(f"status {response.status}: {response.url}")

    def _failed(self, asked: Any) -> None:
        """A request that failed; one that was given up because the reader had gone on is none."""
        if asked.failure != "net::ERR_ABORTED":
            self.heard.append(f"failed: {asked.url} {asked.failure}")

    def faults_of(self, path: str, known: frozenset[str], *, paper: bool = False) -> list[str]:
        """Everything that is wrong with a page. `known`: Chinese words that are data. `paper`: it has both
        languages in it, whatever the reader asks for."""
        self.heard.clear()
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type]
        answer = self.page.goto(self.address + path, wait_until="load")
        faults = [] if answer and answer.status == 200 else [f"status {answer and answer.status}"]
        lang = self.page.get_attribute("html", "lang")
        if not paper and lang != {"zh": "zh-CN", "en": "en"}[self.language]:
            faults.append(f"lang is {lang!r}")
        if self.language == "en" and not paper:
            for text in self.page.evaluate(SAID):
                if strange := set(CHINESE.findall(text)) - known:
                    faults.append(f"not in English: {sorted(strange)} in {text.strip()[:100]!r}")
        self.page.evaluate(axe())
        faults += self.page.evaluate(AXE)
        faults += self.page.evaluate(CAPITALS)
        self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        if (wider := self.page.evaluate(WIDER)) > 0:
            faults.append(f"at 360 px the page is {wider} px too wide")
        return [f"{self.language} {path}: {each}" for each in (*faults, *self.heard)]


@cache
def axe() -> str:
    """axe-core, from its package."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
